// Adds the keys' products to the lower half of C, in tiles: C += Kᵀ K.
// keys [samples, stride] and tiles [tile, 4 side, side] are of vec4f, four columns each.
override GROUP_X: u32 = 8u; // threads of a workgroup along the columns of C
override GROUP_Y: u32 = 8u; // and along its rows
override ROWS: u32 = 2u; // vec4s of rows per thread: 1, 2 or 4
override COLUMNS: u32 = 2u; // vec4s of columns per thread: 1 or 2
override DEPTH: u32 = 0u; // samples that a workgroup reads at once into its memory; 0: each thread reads what it needs

struct Shape {
  samples: u32,
  block: u32, // how many of them are summed in registers
  first: u32, // where keys begins, in vec4s
  stride: u32, // vec4s in a row of keys, where C ends
  side: u32, // vec4s along a tile
  tile: u32, // index of the dispatch's first tile
  slot: u32, // where in tiles it lies
}

@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read> keys: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> tiles: array<vec4f>;

override STAGED: bool = DEPTH > 0u;
var<workgroup> left: array<vec4f, max(DEPTH, 1u) * GROUP_Y * ROWS>; // [sample, vec4 of rows]
var<workgroup> right: array<vec4f, max(DEPTH, 1u) * GROUP_X * COLUMNS>; // [sample, vec4 of columns]

// Where a workgroup works, in vec4s: its first row and column within its tile, and the tile's in C.
struct Place { row: u32, column: u32, top: u32, start: u32, empty: bool }

fn placed(group: vec3u) -> Place {
  let tile = shape.tile + group.y;
  var r = u32((sqrt(8.0 * f32(tile) + 1.0) - 1.0) / 2.0);
  if (r * (r + 1u) / 2u > tile) { r--; }
  if ((r + 1u) * (r + 2u) / 2u <= tile) { r++; }
  let c = tile - r * (r + 1u) / 2u;
  let across = (shape.side + GROUP_X * COLUMNS - 1u) / (GROUP_X * COLUMNS);
  let row = group.x / across * GROUP_Y * ROWS;
  let column = group.x % across * GROUP_X * COLUMNS;
  let top = r * shape.side;
  let above = r == c && column >= row + GROUP_Y * ROWS;
  return Place(row, column, top, c * shape.side, above || top + row >= shape.stride);
}

// What one thread has of C: the vec4s of rows 0 to 3 by those of columns, the first in m, the second in w.
struct Block { m0: mat4x4f, m1: mat4x4f, m2: mat4x4f, m3: mat4x4f, w0: mat4x4f, w1: mat4x4f, w2: mat4x4f, w3: mat4x4f }

// m[i] + a[i] b
fn grown(m: mat4x4f, a: vec4f, b: vec4f) -> mat4x4f {
  return mat4x4f(fma(vec4f(a.x), b, m[0]), fma(vec4f(a.y), b, m[1]), fma(vec4f(a.z), b, m[2]), fma(vec4f(a.w), b, m[3]));
}

// One sample: a holds up to four vec4s of rows, b and w two of columns.
fn grow(c: ptr<function, Block>, a: mat4x4f, b: vec4f, w: vec4f) {
  c.m0 = grown(c.m0, a[0], b);
  if (ROWS > 1u) { c.m1 = grown(c.m1, a[1], b); }
  if (ROWS > 2u) { c.m2 = grown(c.m2, a[2], b); c.m3 = grown(c.m3, a[3], b); }
  if (COLUMNS == 1u) { return; }
  c.w0 = grown(c.w0, a[0], w);
  if (ROWS > 1u) { c.w1 = grown(c.w1, a[1], w); }
  if (ROWS > 2u) { c.w2 = grown(c.w2, a[2], w); c.w3 = grown(c.w3, a[3], w); }
}

fn rowKeys(place: Place, sample: u32, y: u32) -> vec4f {
  if (STAGED) { return left[sample * GROUP_Y * ROWS + y]; }
  return keys[shape.first + sample * shape.stride + place.top + place.row + y];
}
fn columnKeys(place: Place, sample: u32, x: u32) -> vec4f {
  if (STAGED) { return right[sample * GROUP_X * COLUMNS + x]; }
  return keys[shape.first + sample * shape.stride + place.start + place.column + x];
}

// Reads DEPTH samples into workgroup memory; zeros from `end` on.
fn stage(place: Place, thread: u32, begin: u32, end: u32) {
  workgroupBarrier();
  for (var at = thread; at < DEPTH * GROUP_Y * ROWS; at += GROUP_X * GROUP_Y) {
    let s = begin + at / (GROUP_Y * ROWS);
    let key = keys[shape.first + s * shape.stride + place.top + place.row + at % (GROUP_Y * ROWS)];
    left[at] = select(vec4f(), key, s < end);
  }
  for (var at = thread; at < DEPTH * GROUP_X * COLUMNS; at += GROUP_X * GROUP_Y) {
    let s = begin + at / (GROUP_X * COLUMNS);
    let key = keys[shape.first + s * shape.stride + place.start + place.column + at % (GROUP_X * COLUMNS)];
    right[at] = select(vec4f(), key, s < end);
  }
  workgroupBarrier();
}

fn add(slot: u32, place: Place, row: u32, column: u32, m: mat4x4f) {
  if (max(row, column) >= shape.side || max(place.top + row, place.start + column) >= shape.stride) { return; }
  let at = (slot * shape.side + row) * 4u * shape.side + column;
  for (var i = 0u; i < 4u; i++) { tiles[at + i * shape.side] += m[i]; }
}

// One workgroup per GROUP_Y * ROWS by GROUP_X * COLUMNS vec4s of a tile, one thread per ROWS by COLUMNS of them.
@compute @workgroup_size(GROUP_X, GROUP_Y)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_id) local: vec3u) {
  let place = placed(group);
  if (place.empty) { return; }
  for (var first = 0u; first < shape.samples; first += shape.block) {
    let end = min(first + shape.block, shape.samples);
    var c = Block();
    for (var begin = first; begin < end; begin += select(shape.block, DEPTH, STAGED)) {
      if (STAGED) { stage(place, local.y * GROUP_X + local.x, begin, end); }
      for (var s = select(begin, 0u, STAGED); s < select(end, DEPTH, STAGED); s++) {
        var a = mat4x4f();
        a[0] = rowKeys(place, s, local.y);
        if (ROWS > 1u) { a[1] = rowKeys(place, s, local.y + GROUP_Y); }
        if (ROWS > 2u) { a[2] = rowKeys(place, s, local.y + 2u * GROUP_Y); a[3] = rowKeys(place, s, local.y + 3u * GROUP_Y); }
        var w = vec4f();
        if (COLUMNS > 1u) { w = columnKeys(place, s, local.x + GROUP_X); }
        grow(&c, a, columnKeys(place, s, local.x), w);
      }
    }
    let m = array(c.m0, c.m1, c.m2, c.m3, c.w0, c.w1, c.w2, c.w3);
    for (var i = 0u; i < ROWS * COLUMNS; i++) {
      let row = place.row + local.y + i % ROWS * GROUP_Y;
      add(shape.slot + group.y, place, row, place.column + local.x + i / ROWS * GROUP_X, m[i % ROWS + i / ROWS * 4u]);
    }
  }
}
