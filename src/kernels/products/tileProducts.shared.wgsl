// As tileProducts.wgsl, with the rows in use read once by a workgroup into memory that its threads share.
// The bindings are those of tileProducts.wgsl.
override ACROSS: u32 = 16u; // threads along a row of C
override DOWN: u32 = 16u; // threads down a column
override TRANSPOSED: bool = true;
override CHUNK: u32 = 4u; // vec4s of depth read at a time

struct Shape {
  rows: u32,
  width: u32,
  depth: u32,
  upper: u32, // 1: B is upper triangular, so that its zeros need not be multiplied
  keep: u32, // 1: C is added to, 0: overwritten
  sign: f32,
}
struct Product {
  a: u32, // which block
  b: u32,
  c: u32,
  lower: u32, // 1: C is square, and what lies above its diagonal is not needed
}

@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read> products: array<Product>;
@group(0) @binding(2) var<storage, read> a: array<vec4f>;
@group(0) @binding(3) var<storage, read> b: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> c: array<vec4f>;

var<workgroup> left: array<vec4f, CHUNK * 4u * DOWN>; // [quad of depth, row]
// [quad of depth, column mod 4, column / 4] when TRANSPOSED, else [depth, column / 4]: neighbours read neighbours
var<workgroup> right: array<vec4f, CHUNK * 4u * ACROSS>;

// Reads a chunk of depth, zero past the end, for the workgroup's rows of C and its columns.
fn load(product: Product, corner: vec2u, first: u32, index: u32) {
  let deep = shape.depth / 4u;
  let wide = shape.width / 4u;
  for (var i = index; i < CHUNK * 4u * DOWN; i += ACROSS * DOWN) {
    let k = first + i % CHUNK;
    let row = i / CHUNK;
    var value = vec4f();
    if (k < deep) { value = a[(product.a * shape.rows + corner.y + row) * deep + k]; }
    left[(i % CHUNK) * 4u * DOWN + row] = value;
  }
  for (var i = index; i < CHUNK * 4u * ACROSS; i += ACROSS * DOWN) {
    let base = product.b * shape.width * deep;
    var value = vec4f();
    if (TRANSPOSED) {
      let k = first + i % CHUNK;
      let column = i / CHUNK;
      if (k < deep) { value = b[base + (corner.x + column) * deep + k]; }
      right[((i % CHUNK) * 4u + column % 4u) * ACROSS + column / 4u] = value;
    } else {
      let k = 4u * first + i / ACROSS;
      if (k < shape.depth) { value = b[base + k * wide + corner.x / 4u + i % ACROSS]; }
      right[i] = value;
    }
  }
}

fn store(at: u32, sum: vec4f) {
  if (shape.keep == 1u) { c[at] += shape.sign * sum; } else { c[at] = shape.sign * sum; }
}

// One workgroup per part of a block of C and product, one thread per 4 × 4 entries.
@compute @workgroup_size(ACROSS, DOWN)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_id) local: vec3u,
  @builtin(local_invocation_index) index: u32,
) {
  let parts = shape.width / (4u * ACROSS);
  let product = products[group.y];
  let corner = 4u * vec2u((group.x % parts) * ACROSS, (group.x / parts) * DOWN);
  if (product.lower == 1u && corner.x > corner.y + 4u * DOWN - 1u) { return; }
  let deep = shape.depth / 4u;
  let end = select(deep, min(deep, corner.x / 4u + ACROSS), shape.upper == 1u);
  var sums: array<vec4f, 4>;
  for (var first = 0u; first < end; first += CHUNK) {
    workgroupBarrier();
    load(product, corner, first, index);
    workgroupBarrier();
    for (var k = 0u; k < CHUNK; k++) {
      let at = 4u * k * ACROSS + local.x;
      let m = mat4x4f(right[at], right[at + ACROSS], right[at + 2u * ACROSS], right[at + 3u * ACROSS]);
      for (var i = 0u; i < 4u; i++) {
        let row = left[4u * (k * DOWN + local.y) + i];
        if (TRANSPOSED) { sums[i] += row * m; } else { sums[i] += m * row; }
      }
    }
  }
  let wide = shape.width / 4u;
  let at = (product.c * shape.rows + corner.y + 4u * local.y) * wide + corner.x / 4u + local.x;
  for (var i = 0u; i < 4u; i++) { store(at + i * wide, sums[i]); }
}
