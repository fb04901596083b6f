/* SPDX-License-Identifier: Apache-2.0
 *
 * ExProve C ABI: versions, visibility and status codes.
 *
 * Everything that crosses the boundary is plain C: fixed-width integers, pointers with an explicit
 * size beside them, structs that begin with `struct_size` and grow only at the end. Nothing unwinds
 * across it, and whoever allocates memory also frees it.
 */
#ifndef EXPROVE_ABI_H
#define EXPROVE_ABI_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
#define EXPROVE_EXTERN_C_BEGIN extern "C" {
#define EXPROVE_EXTERN_C_END }
#else
#define EXPROVE_EXTERN_C_BEGIN
#define EXPROVE_EXTERN_C_END
#endif

#if defined(__GNUC__) || defined(__clang__)
#define EXPROVE_EXPORT __attribute__((visibility("default")))
#else
#define EXPROVE_EXPORT
#endif

/* A static assertion that C99, C11, C17 and C++11 all accept. */
#if defined(__cplusplus)
#define EXPROVE_STATIC_ASSERT(condition, name) static_assert(condition, #name)
#elif defined(__STDC_VERSION__) && __STDC_VERSION__ >= 201112L
#define EXPROVE_STATIC_ASSERT(condition, name) _Static_assert(condition, #name)
#else
#define EXPROVE_STATIC_ASSERT(condition, name) typedef char exprove_assert_##name[(condition) ? 1 : -1]
#endif

/* Major in the upper, minor in the lower 16 bits. A host asks for the highest version it knows and
 * goes down on EXPROVE_NOT_IMPLEMENTED; a new major number may change anything, a new minor number
 * only adds at the end of structs and behind versioned extension ids. */
#define EXPROVE_ABI_VERSION(major, minor) (((uint32_t)(major) << 16) | (uint32_t)(minor))
#define EXPROVE_ABI_VERSION_1_0 EXPROVE_ABI_VERSION(1, 0)
#define EXPROVE_ABI_MAJOR(version) ((uint32_t)(version) >> 16)
#define EXPROVE_ABI_MINOR(version) ((uint32_t)(version)&0xFFFFu)

/* What a function returns. A value that is not listed here is treated as EXPROVE_INTERNAL. */
typedef int32_t exprove_status;
enum {
  EXPROVE_OK = 0,
  EXPROVE_NOT_IMPLEMENTED = 1, /* this version, slot or combination is not offered */
  EXPROVE_INVALID_ARGUMENT = 2, /* the caller broke the contract written at the function */
  EXPROVE_INVALID_STATE = 3,    /* right call, wrong moment */
  EXPROVE_TOO_SMALL = 4,        /* the caller's buffer; the needed size has been written */
  EXPROVE_BAD_DATA = 5,         /* bytes that are not what they claim to be */
  EXPROVE_OUT_OF_MEMORY = 6,
  EXPROVE_INTERNAL = 7,
  EXPROVE_NOT_FOUND = 8,
  EXPROVE_IO = 9
};

/* Text that the callee writes into memory of the caller. The callee copies at most `capacity` bytes
 * of UTF-8 without a terminator and sets `size` to what it copied. */
typedef struct exprove_text {
  char *data;
  uint32_t capacity;
  uint32_t size;
} exprove_text;

#endif /* EXPROVE_ABI_H */
