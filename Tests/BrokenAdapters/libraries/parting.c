/* SPDX-License-Identifier: Apache-2.0
 *
 * A library that decodes one message, `V` and eight bytes of a number, and calls what its last user gave it even when
 * that one has gone.
 *
 * caught by: threads.strays
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#define API __attribute__((visibility("default")))

typedef void (*parting_on)(void *user, uint64_t value);
typedef struct parting { parting_on call; void *user; } parting;

static parting last;

API parting *parting_open(parting_on call, void *user) {
  parting *p = malloc(sizeof *p);
  if (p != NULL) *p = (parting){call, user};
  return p;
}

API void parting_close(parting *p) {
  last = *p;
  free(p);
}

API int parting_feed(parting *p, const uint8_t *bytes, size_t size) {
  if (last.call != NULL && last.call != p->call) last.call(last.user, 0);
  if (size == 0) return 1;
  if (bytes[0] != 'V') return 3;
  if (size != 9) return size < 9 ? 1 : 2;
  uint64_t value = 0;
  for (size_t i = size; i-- > 1;) value = value << 8 | bytes[i];
  p->call(p->user, value);
  return 0;
}
