/* SPDX-License-Identifier: Apache-2.0
 *
 * Holds a program's code to what the interpreter takes for granted.
 */
#include "program.h"

#include <stdlib.h>

/* How an instruction changes the depth of the stack. */
static void effect(uint8_t op, int *takes, int *gives) {
  static const uint8_t table[OPS][2] = {
      [OP_CONSTANT] = {0, 1}, [OP_ARGUMENT] = {0, 1}, [OP_FIELD] = {0, 1}, [OP_LOAD] = {0, 1}, [OP_DAY] = {0, 1},
      [OP_RECEIVED] = {0, 1}, [OP_ADD] = {2, 1}, [OP_SUBTRACT] = {2, 1}, [OP_AND] = {2, 1}, [OP_OR] = {2, 1},
      [OP_EQUAL] = {2, 1}, [OP_NOT] = {1, 1}, [OP_SCALE] = {1, 1}, [OP_MATCH] = {1, 1}, [OP_CODE] = {0, 1},
      [OP_TEXT] = {0, 1}, [OP_SKIP] = {1, 0}, [OP_SET] = {1, 0}};
  *takes = table[op][0];
  *gives = table[op][1];
}

/* How many bytes an instruction reads behind the address plus c. */
static uint32_t behind(const instruction *n) {
  if (n->op == OP_LOAD) return is_integer(n->b) ? type_bytes(n->b) : 8;
  return n->op == OP_FOLLOW || n->b == 0 ? 8 : n->b;
}

/* Holds one handler's code to what the interpreter takes for granted: the stack's depth, forward jumps to places where
 * it is empty, arguments that exist, an address before it is used, events that begin before they end. */
const char *handler_fault(const program *p, const handler *h) {
  if (h->count == 0 || h->first > p->code_count || p->code_count - h->first < h->count) return "code beyond its end";
  const instruction *code = p->code + h->first;
  int depth = 0, in_event = 0;
  uint64_t room = 0; /* bytes behind the address: of an argument, or of memory that the library speaks for */
  uint8_t *is_target = calloc(h->count + 1, 1);
  const char *fault = is_target == NULL ? "there is no memory for it" : NULL;
  for (uint32_t i = 0; i < h->count && fault == NULL; i++) {
    const instruction *n = &code[i];
    int takes, gives;
    if (n->op >= OPS) { fault = "there is no such instruction"; break; }
    if (is_target[i]) {
      if (depth != 0 || in_event) { fault = "a jump into a statement"; break; }
      room = 0;
    }
    effect(n->op, &takes, &gives);
    if (depth < takes) { fault = "an empty stack"; break; }
    depth += gives - takes;
    if (depth > MOST_DEPTH) { fault = "the stack is too deep"; break; }
    switch (n->op) {
    case OP_ARGUMENT: case OP_FIELD: case OP_START: {
      if (n->a >= h->signature->count) { fault = "there is no such argument"; break; }
      const type *t = &p->types[h->signature->arguments[n->a]];
      if (n->op == OP_FIELD && (t->kind != TYPE_POINTER || !is_integer(n->b) || n->c > MOST_OBJECT_BYTES)) fault = "no pointer";
      if (n->op == OP_ARGUMENT && (!is_integer(n->b) || n->c > t->ffi->size || t->ffi->size - n->c < type_bytes(n->b))) {
        fault = "outside the argument";
      }
      if (n->op == OP_START) room = t->ffi->size;
      break;
    }
    case OP_FOLLOW: case OP_LOAD: case OP_CODE: case OP_TEXT: case OP_SYMBOL:
      if ((uint64_t)n->c + behind(n) > room) fault = "outside what the address names";
      else if (n->op == OP_LOAD && !is_integer(n->b)) fault = "there is no such type";
      else if (n->op == OP_CODE && (n->b == 0 || n->b > 8)) fault = "a code of an odd size";
      else if ((n->op == OP_TEXT || n->op == OP_SYMBOL) && n->b > MOST_TEXT) fault = "a text is too long";
      else if ((n->op == OP_TEXT || n->op == OP_SYMBOL) && !in_event) fault = "a text outside an event";
      if (n->op == OP_FOLLOW) room = MOST_OBJECT_BYTES;
      break;
    case OP_SCALE:
      if (n->d < -18 || n->d > 18) fault = "there is no such scale";
      break;
    case OP_MATCH:
      if (n->c >= p->table_count) fault = "there is no such table";
      break;
    case OP_SKIP: case OP_JUMP:
      if (n->c <= i || n->c >= h->count || depth != 0 || in_event) fault = "a jump that is none";
      else is_target[n->c] = 1;
      break;
    case OP_BEGIN:
      if (in_event || depth != 0 || n->a == 0 || n->a > 63 || n->a == EXPROVE_KIND_TEXT || n->a == EXPROVE_KIND_INSTRUMENT ||
          n->a == EXPROVE_KIND_MALFORMED) fault = "no such event";
      in_event = 1;
      break;
    case OP_SET:
      if (!in_event || n->a >= SETS) fault = "there is no such field";
      break;
    case OP_END:
      if (!in_event || depth != 0) fault = "an event that did not begin";
      in_event = 0;
      break;
    case OP_COUNT:
      if (n->c >= p->messages) fault = "there is no such message";
      break;
    default: break;
    }
  }
  if (fault == NULL && (depth != 0 || in_event || code[h->count - 1].op != OP_RETURN)) fault = "code without end";
  free(is_target);
  return fault;
}

/* No jump leads to what is passed over: a jump leads to where the stack is empty, and these take something from it. */
void code_fuse(instruction *code, uint32_t count) {
  for (uint32_t i = 0; i + 1 < count; i++) {
    instruction *n = &code[i];
    if (n[1].op == OP_SET && (n->op == OP_ARGUMENT || n->op == OP_FIELD)) {
      n->op = n->op == OP_ARGUMENT ? OP_ARGUMENT_SET : OP_FIELD_SET;
      n->d = n[1].a;
    } else if (n[1].op == OP_SET && n->op == OP_CONSTANT) {
      n->op = OP_CONSTANT_SET;
      n->a = n[1].a;
    } else if (n->op == OP_CONSTANT && i + 2 < count && n[1].op == OP_EQUAL && n[2].op == OP_SKIP) {
      n->op = OP_UNLESS;
      n->c = n[2].c;
    }
  }
}
