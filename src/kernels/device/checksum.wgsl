// checksum: sums[slot] += Σ words[i]·(2i + 1) mod 2³², over the first `count` words of a buffer.

@group(0) @binding(0) var<storage, read> words: array<u32>;
@group(0) @binding(1) var<storage, read_write> sums: array<atomic<u32>>;
// count, slot
@group(0) @binding(2) var<uniform> at: vec4<u32>;

// One atomic addition a thread: a sum within the workgroup first would wait at barriers, which software adapters are slow at.
@compute @workgroup_size(64)
fn main(
  @builtin(global_invocation_id) id: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
) {
  var total = 0u;
  for (var i = id.x; i < at.x; i += 64u * groups.x) {
    total += words[i] * (2u * i + 1u);
  }
  atomicAdd(&sums[at.y], total);
}
