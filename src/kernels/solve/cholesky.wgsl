// Cholesky factor of one tile, and the inverse of it, 16 columns at a time: open, then factor, panel and trailing, then close.
// tile [SIDE, SIDE], of which the lower triangle is read; work [2 · SIDE, SIDE]: above becomes L, below, at first the identity,
// L⁻ᵀ; inverse [16, 16] of the diagonal block; failure [2]. Row-major f32. The rows of L⁻ᵀ are zero left of the diagonal.
override SIDE: u32 = 256u; // a multiple of 16
const WIDTH = 16u;

struct Step { at: u32, first: u32, n: u32 } // the block's first column in the tile; the tile's in the matrix; its size

@group(0) @binding(0) var<storage, read_write> work: array<vec4f>;
@group(0) @binding(1) var<uniform> step: Step;
@group(0) @binding(2) var<storage, read> tile: array<f32>;
@group(0) @binding(2) var<storage, read_write> inverse: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> failure: array<u32>; // [1 + index of the first bad pivot, its bits]
@group(0) @binding(1) var<storage, read_write> factored: array<f32>; // the tile again

var<workgroup> block: array<f32, WIDTH * WIDTH>;

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

// One thread per four entries of work. What lies past the matrix becomes the identity, and stays it.
@compute @workgroup_size(16)
fn open(@builtin(global_invocation_id) id: vec3u) {
  let row = id.y % SIDE;
  let column = 4u * id.x;
  if (column >= SIDE) { return; }
  var value = vec4f(vec4u(row) == column + vec4u(0u, 1u, 2u, 3u));
  if (id.y < SIDE && step.first + row < step.n) {
    let at = row * SIDE + column;
    value = vec4f(tile[at], tile[at + 1u], tile[at + 2u], tile[at + 3u]);
  }
  work[(id.y * SIDE + column) / 4u] = value;
}

// One workgroup, one thread per row of the diagonal block: L₁₁ L₁₁ᵀ = A₁₁; then one per column of its inverse.
@compute @workgroup_size(WIDTH)
fn factor(@builtin(local_invocation_index) mine: u32) {
  let corner = (step.at * SIDE + step.at) / 4u;
  for (var k = 0u; k < WIDTH; k++) { block[mine * WIDTH + k] = work[corner + mine * SIDE / 4u + k / 4u][k % 4u]; }
  for (var k = 0u; k < WIDTH; k++) {
    workgroupBarrier();
    var sum = block[mine * WIDTH + k];
    for (var m = 0u; m < k; m++) { sum -= block[mine * WIDTH + m] * block[k * WIDTH + m]; }
    if (mine == k) { block[k * WIDTH + k] = root(sum, step.first + step.at + k); }
    workgroupBarrier();
    if (mine > k) { block[mine * WIDTH + k] = sum / block[k * WIDTH + k]; }
  }
  workgroupBarrier();
  var column: array<f32, WIDTH>;
  for (var k = 0u; k < WIDTH; k++) {
    var sum = f32(k == mine);
    for (var m = 0u; m < k; m++) { sum -= block[k * WIDTH + m] * column[m]; }
    column[k] = sum / block[k * WIDTH + k];
  }
  // Column by column the inverse is row by row its transpose.
  for (var q = 0u; q < WIDTH / 4u; q++) {
    inverse[mine * WIDTH / 4u + q] = vec4f(column[4u * q], column[4u * q + 1u], column[4u * q + 2u], column[4u * q + 3u]);
    var entries = vec4f();
    for (var i = 0u; i < 4u; i++) { if (4u * q + i <= mine) { entries[i] = block[mine * WIDTH + 4u * q + i]; } }
    work[corner + mine * SIDE / 4u + q] = entries;
  }
}

// One thread per row of those below the block that are not zero, SIDE in all: L₂₁ = A₂₁ L₁₁⁻ᵀ.
@compute @workgroup_size(16)
fn panel(@builtin(global_invocation_id) id: vec3u) {
  let at = ((step.at + WIDTH + id.x) * SIDE + step.at) / 4u;
  var row: array<vec4f, WIDTH / 4u>;
  for (var q = 0u; q < WIDTH / 4u; q++) { row[q] = work[at + q]; }
  for (var q = 0u; q < WIDTH / 4u; q++) {
    var sum = vec4f();
    for (var m = 0u; m < 4u * q + 4u; m++) { sum += row[m / 4u][m % 4u] * inverse[m * WIDTH / 4u + q]; }
    work[at + q] = sum;
  }
}

// One thread per 4 × 4 entries right of the block, for the same rows: A₂₂ -= L₂₁ L₂₁ᵀ.
@compute @workgroup_size(4, 16)
fn trailing(@builtin(global_invocation_id) id: vec3u) {
  let column = step.at + WIDTH + 4u * id.x;
  let row = step.at + WIDTH + 4u * id.y;
  if (4u * id.y >= SIDE || column >= SIDE || (row < SIDE && column > row)) { return; }
  let wide = SIDE / 4u;
  let left = row * wide + step.at / 4u;
  let right = column * wide + step.at / 4u;
  let at = row * wide + column / 4u;
  for (var q = 0u; q < WIDTH / 4u; q++) {
    let m = mat4x4f(work[right + q], work[right + wide + q], work[right + 2u * wide + q], work[right + 3u * wide + q]);
    for (var i = 0u; i < 4u; i++) { work[at + i * wide] -= work[left + i * wide + q] * m; }
  }
}

// One thread per entry of the tile: L on and below its diagonal, L⁻ᵀ above (whose diagonal is 1 / L's).
@compute @workgroup_size(16)
fn close(@builtin(global_invocation_id) id: vec3u) {
  let column = id.x;
  let row = id.y + select(0u, SIDE, column > id.y);
  if (column < SIDE) { factored[id.y * SIDE + column] = work[(row * SIDE + column) / 4u][column % 4u]; }
}
