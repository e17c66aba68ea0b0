// The adapter's own peak: nothing but multiply-adds of vec4f in registers, in chains that do not wait for each other.
// result [threads] of vec4f.
override ROUNDS: u32 = 1000u;
override MANY: bool = false; // sixteen chains, otherwise four

@group(0) @binding(0) var<storage, read_write> result: array<vec4f>;

struct Four { a: vec4f, b: vec4f, c: vec4f, d: vec4f }

fn step(s: Four, x: vec4f, y: vec4f) -> Four {
  return Four(fma(s.a, x, y), fma(s.b, x, y), fma(s.c, x, y), fma(s.d, x, y));
}

// One thread per element of result; x and y keep every chain near 1.
@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) at: vec3u) {
  let x = vec4f(0.5 + f32(at.x & 7u) * 1e-6);
  let y = vec4f(0.5);
  var p = Four(x, x + 1.0, x + 2.0, x + 3.0);
  var q = Four(x, x - 1.0, x - 2.0, x - 3.0);
  var r = Four(y, y + 1.0, y + 2.0, y + 3.0);
  var s = Four(y, y - 1.0, y - 2.0, y - 3.0);
  for (var i = 0u; i < ROUNDS; i++) {
    p = step(p, x, y);
    if (MANY) {
      q = step(q, x, y);
      r = step(r, x, y);
      s = step(s, x, y);
    }
  }
  result[at.x] = p.a + p.b + p.c + p.d + q.a + q.b + q.c + q.d + r.a + r.b + r.c + r.d + s.a + s.b + s.c + s.d;
}
