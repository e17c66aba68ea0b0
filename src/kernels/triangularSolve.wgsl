// Blocked substitution in place: L x = b from the first block of TILE unknowns, or Lᵀ x = b from the last.
// l [n, n] lower triangular; b [n, columns], overwritten by x; row-major f32. For each block: diagonal, then remaining.
override TILE: u32 = 16u;
override TRANSPOSED: bool = false;

struct Step { n: u32, columns: u32, at: u32 } // at: the block's first unknown

@group(0) @binding(0) var<uniform> step: Step;
@group(0) @binding(1) var<storage, read> l: array<f32>;
@group(0) @binding(2) var<storage, read_write> b: array<f32>;

var<workgroup> coefficients: array<f32, TILE * TILE>; // of L or Lᵀ
var<workgroup> solution: array<f32, TILE * TILE>; // [unknown of the block, column]

// Loads the tile of L or Lᵀ at [row, step.at]; neighbouring threads read neighbouring entries of L in both cases.
fn loadCoefficients(row: u32, local: vec3u) {
  let i = select(local.y, local.x, TRANSPOSED);
  let k = select(local.x, local.y, TRANSPOSED);
  let place = vec2u(row + i, step.at + k);
  var value = 0.0;
  if (place.x < step.n && place.y < step.n) {
    value = l[select(place.x * step.n + place.y, place.y * step.n + place.x, TRANSPOSED)];
  }
  coefficients[i * TILE + k] = value;
}

fn load(row: u32, column: u32) -> f32 {
  if (row >= step.n || column >= step.columns) { return 0.0; }
  return b[row * step.columns + column];
}

// One workgroup per TILE columns of b, one thread per entry of the block: x₁ = L₁₁⁻¹ b₁.
@compute @workgroup_size(TILE, TILE)
fn diagonal(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_id) local: vec3u) {
  let size = min(TILE, step.n - step.at);
  let column = group.x * TILE + local.x;
  let slot = local.y * TILE + local.x;
  loadCoefficients(step.at, local);
  solution[slot] = load(step.at + local.y, column);
  for (var i = 0u; i < size; i++) {
    let k = select(i, size - 1u - i, TRANSPOSED);
    workgroupBarrier();
    if (local.y == k) { solution[slot] /= coefficients[k * TILE + k]; }
    workgroupBarrier();
    if (select(local.y > k, local.y < k, TRANSPOSED)) {
      solution[slot] -= coefficients[local.y * TILE + k] * solution[k * TILE + local.x];
    }
  }
  if (local.y < size && column < step.columns) {
    b[(step.at + local.y) * step.columns + column] = solution[slot];
  }
}

// One workgroup per tile [group.y, group.x] of the rows still unsolved, one thread per entry: b₂ -= L₂₁ x₁.
@compute @workgroup_size(TILE, TILE)
fn remaining(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_id) local: vec3u) {
  let first = select(step.at + TILE, 0u, TRANSPOSED) + group.y * TILE;
  let row = first + local.y;
  let column = group.x * TILE + local.x;
  loadCoefficients(first, local);
  solution[local.y * TILE + local.x] = load(step.at + local.y, column);
  workgroupBarrier();
  var sum = 0.0;
  for (var k = 0u; k < TILE; k++) {
    sum += coefficients[local.y * TILE + k] * solution[k * TILE + local.x];
  }
  if (row < step.n && column < step.columns) { b[row * step.columns + column] -= sum; }
}
