// The inverse of a diagonal tile of L, out of what the factorisation left of it above that tile's diagonal.
// tile [SIDE, SIDE]: L on and below the diagonal, L⁻ᵀ above; inverse [SIDE, SIDE] becomes L⁻ᵀ; row-major f32.
override SIDE: u32 = 256u; // a multiple of 16

@group(0) @binding(0) var<storage, read> tile: array<f32>;
@group(0) @binding(1) var<storage, read_write> inverse: array<f32>;

// One thread per entry. The diagonal of L⁻ᵀ is 1 / that of L.
@compute @workgroup_size(16)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let column = id.x;
  let row = id.y;
  let at = row * SIDE + column;
  var value = 0.0;
  if (column > row) { value = tile[at]; }
  if (column == row) { value = 1.0 / tile[at]; }
  inverse[at] = value;
}
