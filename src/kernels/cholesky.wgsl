// Blocked Cholesky factorisation in place, A = L Lᵀ; for each block of TILE columns: factor, panel, trailing.
// a [n, n] row-major f32, of which only the lower triangle is read and written; failure [2].
override TILE: u32 = 16u;

struct Step { n: u32, at: u32 } // at: the block's first column

@group(0) @binding(0) var<uniform> step: Step;
@group(0) @binding(1) var<storage, read_write> a: array<f32>;
@group(0) @binding(2) var<storage, read_write> failure: array<u32>; // [1 + index of the first bad pivot, its bits]

var<workgroup> block: array<f32, TILE * TILE>;
var<workgroup> other: array<f32, TILE * TILE>;

fn load(row: u32, column: u32) -> f32 {
  if (row >= step.n || column >= step.n) { return 0.0; }
  return a[row * step.n + column];
}

// Infinity and NaN are found by their bits, since drivers may assume that comparisons never see them.
fn positive(x: f32) -> bool {
  return x > 0.0 && (bitcast<u32>(x) & 0x7f800000u) != 0x7f800000u;
}

// The root of a pivot; a bad one is reported and replaced, so that nothing after it becomes NaN.
fn root(pivot: f32, index: u32) -> f32 {
  if (positive(pivot)) { return sqrt(pivot); }
  if (failure[0] == 0u) {
    failure[0] = index + 1u;
    failure[1] = bitcast<u32>(pivot);
  }
  return 1.0;
}

// One workgroup in all, one thread per entry of the diagonal block: L₁₁ L₁₁ᵀ = A₁₁.
@compute @workgroup_size(TILE, TILE)
fn factor(@builtin(local_invocation_id) local: vec3u) {
  let row = local.y;
  let column = local.x;
  let slot = row * TILE + column;
  let size = min(TILE, step.n - step.at);
  block[slot] = load(step.at + row, step.at + column);
  for (var k = 0u; k < size; k++) {
    workgroupBarrier();
    if (row == k && column == k) { block[slot] = root(block[slot], step.at + k); }
    workgroupBarrier();
    if (row > k && column == k) { block[slot] /= block[k * TILE + k]; }
    workgroupBarrier();
    if (column > k && row >= column) {
      block[slot] -= block[row * TILE + k] * block[column * TILE + k];
    }
  }
  if (row < size && column <= row) { a[(step.at + row) * step.n + step.at + column] = block[slot]; }
}

// One workgroup per TILE rows below the diagonal block, one thread per entry: L₂₁ = A₂₁ L₁₁⁻ᵀ.
@compute @workgroup_size(TILE, TILE)
fn panel(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_id) local: vec3u) {
  let row = step.at + TILE * (group.x + 1u) + local.y;
  let column = local.x;
  let slot = local.y * TILE + column;
  block[slot] = load(step.at + local.y, step.at + column);
  other[slot] = load(row, step.at + column);
  for (var k = 0u; k < TILE; k++) {
    workgroupBarrier();
    if (column == k) { other[slot] /= block[k * TILE + k]; }
    workgroupBarrier();
    if (column > k) { other[slot] -= other[local.y * TILE + k] * block[column * TILE + k]; }
  }
  if (row < step.n) { a[row * step.n + step.at + column] = other[slot]; }
}

// One workgroup per tile on or below the diagonal, one thread per entry: A₂₂ -= L₂₁ L₂₁ᵀ.
@compute @workgroup_size(TILE, TILE)
fn trailing(@builtin(workgroup_id) tile: vec3u, @builtin(local_invocation_id) local: vec3u) {
  if (tile.x > tile.y) { return; }
  let first = step.at + TILE;
  let row = first + tile.y * TILE + local.y;
  let column = first + tile.x * TILE + local.x;
  block[local.y * TILE + local.x] = load(row, step.at + local.x);
  other[local.x * TILE + local.y] = load(first + tile.x * TILE + local.y, step.at + local.x); // transposed
  workgroupBarrier();
  var sum = 0.0;
  for (var k = 0u; k < TILE; k++) {
    sum += block[local.y * TILE + k] * other[k * TILE + local.x];
  }
  if (row < step.n && column <= row) { a[row * step.n + column] -= sum; }
}
