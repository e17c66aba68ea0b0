// Adds the second moment of the keys to the lower triangle of C: C += Kᵀ K.
// keys [samples, dMlp]; c, carry [dMlp, dMlp]; row-major f32. The exact sum is c - carry; above the diagonal nothing is written.
override TILE: u32 = 16u;

struct Shape { samples: u32, dMlp: u32, one: f32 }

@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read> keys: array<f32>;
@group(0) @binding(2) var<storage, read_write> c: array<f32>;
@group(0) @binding(3) var<storage, read_write> carry: array<f32>;

var<workgroup> left: array<f32, TILE * TILE>; // [sample, row of the tile]
var<workgroup> right: array<f32, TILE * TILE>; // [sample, column of the tile]

fn key(sample: u32, unit: u32) -> f32 {
  if (sample >= shape.samples || unit >= shape.dMlp) { return 0.0; }
  return keys[sample * shape.dMlp + unit];
}

// Kahan's sum; total is [sum, what was added too much]. `one` is 1, which the compiler cannot know: drivers that treat
// floats as real numbers would otherwise simplify the error to 0.
fn add(total: vec2f, value: f32) -> vec2f {
  let wanted = value - total.y;
  let sum = (total.x + wanted) * shape.one;
  return vec2f(sum, (sum - total.x) * shape.one - wanted);
}

// One workgroup per tile of C on or below the diagonal, one thread per entry.
@compute @workgroup_size(TILE, TILE)
fn main(@builtin(workgroup_id) tile: vec3u, @builtin(local_invocation_id) local: vec3u) {
  if (tile.x > tile.y) { return; }
  let row = tile.y * TILE + local.y;
  let column = tile.x * TILE + local.x;
  let mine = row < shape.dMlp && column <= row;
  let at = row * shape.dMlp + column;
  var total = vec2f(0.0);
  if (mine) { total = vec2f(c[at], carry[at]); }

  for (var first = 0u; first < shape.samples; first += TILE) {
    let slot = local.y * TILE + local.x;
    left[slot] = key(first + local.y, tile.y * TILE + local.x);
    right[slot] = key(first + local.y, column);
    workgroupBarrier();
    var chunk = 0.0;
    for (var s = 0u; s < TILE; s++) {
      chunk += left[s * TILE + local.y] * right[s * TILE + local.x];
    }
    total = add(total, chunk);
    workgroupBarrier();
  }
  if (mine) {
    c[at] = total.x;
    carry[at] = total.y;
  }
}
