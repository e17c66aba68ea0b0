// Gives keys whose width is not a multiple of four the rows of vec4f that covariance.wgsl reads, zeros at their ends.
// raw f32 [samples, n]; packed vec4f [samples, stride].
struct Shape { first: u32, n: u32, stride: u32 } // first: where raw begins

@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read> raw: array<f32>;
@group(0) @binding(2) var<storage, read_write> packed: array<vec4f>;

// One thread per vec4, one row of workgroups per sample.
@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) at: vec3u) {
  if (at.x >= shape.stride) { return; }
  var value = vec4f();
  for (var i = 0u; i < 4u; i++) {
    let column = at.x * 4u + i;
    if (column < shape.n) { value[i] = raw[shape.first + at.y * shape.n + column]; }
  }
  packed[at.y * shape.stride + at.x] = value;
}
