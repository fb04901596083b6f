/* SPDX-License-Identifier: Apache-2.0
 *
 * Client order ids. The host's number travels as `xp-<decimal>`; any other id is a foreign one and becomes a text.
 */
#include "session.h"

int id_parse(const uint8_t *p, uint32_t size, uint64_t *id) {
  if (size < 4 || size > 23 || memcmp(p, "xp-", 3) != 0 || p[3] == '0') return 0;
  uint64_t value = 0;
  for (uint32_t i = 3; i < size; i++) {
    uint64_t digit = (uint64_t)p[i] - '0';
    if (p[i] < '0' || p[i] > '9' || value > (UINT64_MAX - digit) / 10) return 0;
    value = value * 10 + digit;
  }
  *id = value;
  return 1;
}

int id_field(struct exprove_session *s, const struct table *table, unsigned slot, struct order_name *out) {
  const struct token *token = frame_token(table, slot);
  out->id = 0;
  out->own = 0;
  out->missing = 1;
  out->text.text = NONE;
  if (!token || token->type == TOKEN_NULL) return 1;
  if (!frame_view(&s->frame, token, &out->view)) {
    fault(s, EXPROVE_MALFORMED_FIELD, token->at);
    return 0;
  }
  if (out->view.size == 0) return 1;
  out->missing = 0;
  if (id_parse(out->view.bytes, out->view.size, &out->id)) {
    out->own = 1;
    return 1;
  }
  if (name_find(s, out->view.bytes, out->view.size, &out->text)) return 1;
  fault(s, EXPROVE_MALFORMED_FIELD, token->at);
  return 0;
}

/* --- USD-M: which of the host's ids an order has now --- */

uint64_t alias_live(const struct exprove_session *s, uint64_t root) {
  for (uint32_t i = 0; i < s->alias_count; i++)
    if (s->aliases[i].root == root && s->aliases[i].live) return s->aliases[i].id;
  return root;
}

uint64_t alias_root(const struct exprove_session *s, uint64_t id) {
  for (uint32_t i = 0; i < s->alias_count; i++)
    if (s->aliases[i].id == id) return s->aliases[i].root;
  return id;
}

static void alias_remove(struct exprove_session *s, uint32_t i) {
  s->alias_count--;
  memmove(&s->aliases[i], &s->aliases[i + 1], (s->alias_count - i) * sizeof s->aliases[0]);
}

int alias_request(struct exprove_session *s, uint64_t id, uint64_t previous) {
  if (s->alias_count == MAX_ALIASES) return 0;
  s->aliases[s->alias_count] = (struct alias){alias_root(s, previous), id, 0};
  s->alias_count++;
  return 1;
}

/* The venue amends in the order of the requests and names none of them: the oldest one waiting is meant. */
uint64_t alias_amended(struct exprove_session *s, uint64_t root) {
  for (uint32_t i = 0; i < s->alias_count; i++) {
    if (s->aliases[i].root != root || s->aliases[i].live) continue;
    uint64_t id = s->aliases[i].id;
    s->aliases[i].live = 1;
    for (uint32_t k = 0; k < i; k++) {
      if (s->aliases[k].root != root) continue;
      alias_remove(s, k);
      break;
    }
    return id;
  }
  return alias_live(s, root);
}

void alias_refused(struct exprove_session *s, uint64_t id) {
  for (uint32_t i = 0; i < s->alias_count; i++) {
    if (s->aliases[i].id != id || s->aliases[i].live) continue;
    alias_remove(s, i);
    return;
  }
}

void alias_gone(struct exprove_session *s, uint64_t root) {
  for (uint32_t i = s->alias_count; i-- > 0;)
    if (s->aliases[i].root == root) alias_remove(s, i);
}
