// checksum: sums[slot] += Σ words[i]·(2i + 1) mod 2³², over the first `count` words of a buffer.

@group(0) @binding(0) var<storage, read> words: array<u32>;
@group(0) @binding(1) var<storage, read_write> sums: array<atomic<u32>>;
// count, slot
@group(0) @binding(2) var<uniform> at: vec4<u32>;

var<workgroup> partial: array<u32, 256>;

@compute @workgroup_size(256)
fn main(
  @builtin(global_invocation_id) id: vec3<u32>,
  @builtin(local_invocation_index) local: u32,
  @builtin(num_workgroups) groups: vec3<u32>,
) {
  var total = 0u;
  for (var i = id.x; i < at.x; i += 256u * groups.x) {
    total += words[i] * (2u * i + 1u);
  }
  partial[local] = total;
  workgroupBarrier();
  for (var half = 128u; half > 0u; half /= 2u) {
    if (local < half) {
      partial[local] += partial[local + half];
    }
    workgroupBarrier();
  }
  if (local == 0u) {
    atomicAdd(&sums[at.y], partial[0]);
  }
}
