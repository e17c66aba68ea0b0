// The kernel of covariance.wgsl for devices with subgroups, C += Kᵀ K: four threads share the keys of their sixteen rows.
enable subgroups;

override GROUP_X: u32 = 8u; // threads of a workgroup along the columns of C, a multiple of 4
override GROUP_Y: u32 = 4u; // and along its rows
override COLUMNS: u32 = 2u; // vec4s of columns per thread: 1 or 2

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

// Where a workgroup works, in vec4s: its first row and column within its tile, and the tile's in C.
struct Place { row: u32, column: u32, top: u32, start: u32, empty: bool }

fn placed(group: vec3u) -> Place {
  let tile = shape.tile + group.y;
  var r = u32((sqrt(8.0 * f32(tile) + 1.0) - 1.0) / 2.0);
  if (r * (r + 1u) / 2u > tile) { r--; }
  if ((r + 1u) * (r + 2u) / 2u <= tile) { r++; }
  let c = tile - r * (r + 1u) / 2u;
  let across = (shape.side + GROUP_X * COLUMNS - 1u) / (GROUP_X * COLUMNS);
  let row = group.x / across * GROUP_Y * 4u;
  let column = group.x % across * GROUP_X * COLUMNS;
  let top = r * shape.side;
  let above = r == c && column >= row + GROUP_Y * 4u;
  return Place(row, column, top, c * shape.side, above || top + row >= shape.stride);
}

// What one thread has of C: four vec4s of rows by those of columns, the first in m, the second in w.
struct Block { m0: mat4x4f, m1: mat4x4f, m2: mat4x4f, m3: mat4x4f, w0: mat4x4f, w1: mat4x4f, w2: mat4x4f, w3: mat4x4f }

// m[i] + a[i] b
fn grown(m: mat4x4f, a: vec4f, b: vec4f) -> mat4x4f {
  return mat4x4f(fma(vec4f(a.x), b, m[0]), fma(vec4f(a.y), b, m[1]), fma(vec4f(a.z), b, m[2]), fma(vec4f(a.w), b, m[3]));
}

fn add(slot: u32, place: Place, row: u32, column: u32, m: mat4x4f) {
  if (max(row, column) >= shape.side || max(place.top + row, place.start + column) >= shape.stride) { return; }
  let at = (slot * shape.side + row) * 4u * shape.side + column;
  for (var i = 0u; i < 4u; i++) { tiles[at + i * shape.side] += m[i]; }
}

// One workgroup per 4 GROUP_Y by GROUP_X * COLUMNS vec4s of a tile, one thread per 4 by COLUMNS of them. Four threads in
// a row hold a vec4 of their rows each and pass it round.
@compute @workgroup_size(GROUP_X, GROUP_Y)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_id) local: vec3u) {
  let place = placed(group);
  if (place.empty) { return; }
  let row = shape.first + place.top + place.row + local.y * 4u + (local.x & 3u);
  let column = shape.first + place.start + place.column + local.x;
  for (var first = 0u; first < shape.samples; first += shape.block) {
    var c = Block();
    for (var s = first; s < min(first + shape.block, shape.samples); s++) {
      let own = keys[row + s * shape.stride];
      let a0 = quadBroadcast(own, 0u);
      let a1 = quadBroadcast(own, 1u);
      let a2 = quadBroadcast(own, 2u);
      let a3 = quadBroadcast(own, 3u);
      let b = keys[column + s * shape.stride];
      c.m0 = grown(c.m0, a0, b);
      c.m1 = grown(c.m1, a1, b);
      c.m2 = grown(c.m2, a2, b);
      c.m3 = grown(c.m3, a3, b);
      if (COLUMNS > 1u) {
        let w = keys[column + GROUP_X + s * shape.stride];
        c.w0 = grown(c.w0, a0, w);
        c.w1 = grown(c.w1, a1, w);
        c.w2 = grown(c.w2, a2, w);
        c.w3 = grown(c.w3, a3, w);
      }
    }
    let m = array(c.m0, c.m1, c.m2, c.m3, c.w0, c.w1, c.w2, c.w3);
    for (var i = 0u; i < 4u * COLUMNS; i++) {
      let row = place.row + local.y * 4u + i % 4u;
      add(shape.slot + group.y, place, row, place.column + local.x + i / 4u * GROUP_X, m[i]);
    }
  }
}
