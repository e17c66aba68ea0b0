// Products of blocks, a list of them at once: C = sign · A B or C += sign · A B, also with B transposed.
// a [block, rows, depth]; b [block, depth, width], or [block, width, depth] when TRANSPOSED; c [block, rows, width]; row-major
// f32. Rows are a multiple of 4 · DOWN, width of 4 · ACROSS and depth of 4.
override ACROSS: u32 = 16u; // threads along a row of C
override DOWN: u32 = 16u; // threads down a column
override TRANSPOSED: bool = true;

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

fn store(at: u32, sum: vec4f) {
  if (shape.keep == 1u) { c[at] += shape.sign * sum; } else { c[at] = shape.sign * sum; }
}

// One workgroup per part of a block of C and product, one thread per 4 × 4 entries, straight from memory: barriers cost
// a software GPU more than they save, and on a real one its cache holds the rows in use.
@compute @workgroup_size(ACROSS, DOWN)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_id) local: vec3u) {
  let parts = shape.width / (4u * ACROSS);
  let product = products[group.y];
  let row = 4u * ((group.x / parts) * DOWN + local.y);
  let column = 4u * ((group.x % parts) * ACROSS + local.x);
  if (product.lower == 1u && column > row + 3u) { return; }

  let deep = shape.depth / 4u;
  let wide = shape.width / 4u;
  let left = (product.a * shape.rows + row) * deep;
  let right = product.b * shape.width * deep + select(column / 4u, column * deep, TRANSPOSED);
  let stride = select(wide, deep, TRANSPOSED);
  let end = select(deep, min(deep, column / 4u + 1u), shape.upper == 1u);
  var s0 = vec4f();
  var s1 = vec4f();
  var s2 = vec4f();
  var s3 = vec4f();
  for (var k = 0u; k < end; k++) {
    let at = right + select(4u * k * wide, k, TRANSPOSED);
    let m = mat4x4f(b[at], b[at + stride], b[at + 2u * stride], b[at + 3u * stride]);
    let a0 = a[left + k];
    let a1 = a[left + deep + k];
    let a2 = a[left + 2u * deep + k];
    let a3 = a[left + 3u * deep + k];
    if (TRANSPOSED) {
      s0 += a0 * m;
      s1 += a1 * m;
      s2 += a2 * m;
      s3 += a3 * m;
    } else {
      s0 += m * a0;
      s1 += m * a1;
      s2 += m * a2;
      s3 += m * a3;
    }
  }
  let at = (product.c * shape.rows + row) * wide + column / 4u;
  store(at, s0);
  store(at + wide, s1);
  store(at + 2u * wide, s2);
  store(at + 3u * wide, s3);
}
