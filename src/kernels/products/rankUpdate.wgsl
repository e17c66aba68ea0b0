// Adds or subtracts a matrix of low rank: W += sign · Uᵀ V.
// u [rank, rows], v [rank, columns], w [rows, columns], row-major f32.
override TILE: u32 = 16u;

struct Shape { rows: u32, columns: u32, rank: u32, sign: f32 }

@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read> u: array<f32>;
@group(0) @binding(2) var<storage, read> v: array<f32>;
@group(0) @binding(3) var<storage, read_write> w: array<f32>;

var<workgroup> left: array<f32, TILE * TILE>; // [factor, row of the tile]
var<workgroup> right: array<f32, TILE * TILE>; // [factor, column of the tile]

// One workgroup per tile of W, one thread per entry.
@compute @workgroup_size(TILE, TILE)
fn main(@builtin(workgroup_id) tile: vec3u, @builtin(local_invocation_id) local: vec3u) {
  let row = tile.y * TILE + local.y;
  let column = tile.x * TILE + local.x;
  let leftRow = tile.y * TILE + local.x;
  let slot = local.y * TILE + local.x;
  var sum = 0.0;
  for (var first = 0u; first < shape.rank; first += TILE) {
    let factor = first + local.y;
    left[slot] = 0.0;
    right[slot] = 0.0;
    if (factor < shape.rank && leftRow < shape.rows) { left[slot] = u[factor * shape.rows + leftRow]; }
    if (factor < shape.rank && column < shape.columns) { right[slot] = v[factor * shape.columns + column]; }
    workgroupBarrier();
    for (var r = 0u; r < TILE; r++) {
      sum += left[r * TILE + local.y] * right[r * TILE + local.x];
    }
    workgroupBarrier();
  }
  if (row < shape.rows && column < shape.columns) { w[row * shape.columns + column] += shape.sign * sum; }
}
