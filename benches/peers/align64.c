// Preloaded into the peer: aligns every larger allocation to 64 bytes, which its 32-bit ring products rely on.
#include <stdlib.h>

void *malloc(size_t size) {
    return aligned_alloc(64, (size + 63) / 64 * 64 + 64);
}
