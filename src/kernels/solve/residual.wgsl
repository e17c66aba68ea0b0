// Products of blocks in double-float arithmetic, a list of them at once: C += A B, also with B transposed.
// a [block, 2, rows, depth] and c [block, 2, rows, width] hold each number as a sum of two floats, first all the high ones;
// b [block, depth, width], or [block, width, depth] when TRANSPOSED, is plain; row-major f32. Sizes as in tileProducts.wgsl.
override ACROSS: u32 = 16u; // threads along a row of C
override DOWN: u32 = 16u; // threads down a column
override TRANSPOSED: bool = true;

struct Shape { rows: u32, width: u32, depth: u32, zero: u32 }
struct Product { a: u32, b: u32, c: u32, unused: u32 } // which blocks
struct Two { high: vec4f, low: vec4f } // four sums of two floats

@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read> products: array<Product>;
@group(0) @binding(2) var<storage, read> a: array<vec4f>;
@group(0) @binding(3) var<storage, read> b: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> c: array<vec4f>;

// The same number, rounded to a float. `zero` is 0, which the compiler cannot know, and no rule about real numbers reaches
// through the bits: drivers that treat floats as such would otherwise simplify rounding errors to 0 or fuse roundings away.
fn rounded(x: vec4f) -> vec4f {
  return bitcast<vec4f>(bitcast<vec4u>(x) ^ vec4u(shape.zero));
}

// The upper 12 of 24 bits. What is left has 12 too, so that products of such halves are exact.
fn upper(x: vec4f) -> vec4f {
  return bitcast<vec4f>(bitcast<vec4u>(x) & vec4u(0xfffff000u));
}

// Knuth's sum: high + low is x + y exactly.
fn twoSum(x: vec4f, y: vec4f) -> Two {
  let sum = rounded(x + y);
  let ofY = rounded(sum - x);
  return Two(sum, (x - (sum - ofY)) + (y - ofY));
}

// Adds (high + low) · w; Dekker's product: p + error is high · w exactly.
fn addProduct(total: Two, x: vec2f, w: vec4f) -> Two {
  let high = vec4f(x.x);
  let p = rounded(high * w);
  let x1 = upper(high);
  let x2 = high - x1;
  let w1 = upper(w);
  let w2 = w - w1;
  let error = (((x1 * w1 - p) + x1 * w2) + x2 * w1) + x2 * w2;
  let sum = twoSum(total.high, p);
  return Two(sum.high, total.low + (sum.low + (error + x.y * w)));
}

// Adds a row of four numbers of A times four rows of B.
fn addProducts(before: Two, high: vec4f, low: vec4f, m: mat4x4f) -> Two {
  var total = before;
  for (var i = 0u; i < 4u; i++) { total = addProduct(total, vec2f(high[i], low[i]), m[i]); }
  return twoSum(total.high, total.low);
}

fn store(at: u32, apart: u32, sum: Two) {
  let total = twoSum(c[at], sum.high);
  let whole = twoSum(total.high, total.low + (c[at + apart] + sum.low));
  c[at] = whole.high;
  c[at + apart] = whole.low;
}

// One workgroup per part of a block of C and product, one thread per 4 × 4 entries.
@compute @workgroup_size(ACROSS, DOWN)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_id) local: vec3u) {
  let parts = shape.width / (4u * ACROSS);
  let product = products[group.y];
  let row = 4u * ((group.x / parts) * DOWN + local.y);
  let column = 4u * ((group.x % parts) * ACROSS + local.x);
  let deep = shape.depth / 4u;
  let wide = shape.width / 4u;
  let left = (2u * product.a * shape.rows + row) * deep;
  let low = shape.rows * deep;
  let right = product.b * shape.width * deep + select(column / 4u, column * deep, TRANSPOSED);
  let stride = select(wide, deep, TRANSPOSED);
  var sums: array<Two, 4>;
  for (var k = 0u; k < deep; k++) {
    let at = right + select(4u * k * wide, k, TRANSPOSED);
    var m = mat4x4f(b[at], b[at + stride], b[at + 2u * stride], b[at + 3u * stride]);
    if (TRANSPOSED) { m = transpose(m); }
    for (var i = 0u; i < 4u; i++) {
      let place = left + i * deep + k;
      sums[i] = addProducts(sums[i], a[place], a[place + low], m);
    }
  }
  let at = (2u * product.c * shape.rows + row) * wide + column / 4u;
  for (var i = 0u; i < 4u; i++) { store(at + i * wide, shape.rows * wide, sums[i]); }
}
