/* SPDX-License-Identifier: Apache-2.0
 *
 * libdeep: reads the DEEP feed, version 1.0, of the Investors Exchange, as it comes in the segments of IEX-TP 1.0
 * ("IEX DEEP Specification" 1.06, "IEX Transport Specification" 1.25).
 *
 * Give each datagram's payload to deep_feed; the callbacks that you registered are called for what it holds, in order.
 * A decoder keeps the sequence and nothing else. No I/O, no threads, no globals.
 */
#ifndef DEEP_H
#define DEEP_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define DEEP_API __attribute__((visibility("default")))
#else
#define DEEP_API
#endif

typedef struct deep_decoder deep_decoder;

typedef enum deep_result {
  DEEP_OK = 0,
  DEEP_SHORT = -1,    /* the segment ends before its messages do */
  DEEP_LONG = -2,     /* bytes are left over */
  DEEP_VERSION = -3,  /* it is no IEX-TP 1 or does not carry DEEP 1.0 */
  DEEP_FIELD = -4,    /* a message is shorter than its type */
  DEEP_BAD_STATE = -5 /* bytes that deep_save did not write */
} deep_result;

/* Prices are integers at 1e-4, times nanoseconds since 1970 in UTC, symbols end with a zero byte. */

typedef struct deep_header {
  uint64_t sequence; /* of the message at hand */
  int64_t time;      /* of the message */
  char symbol[9];    /* empty where the message concerns the whole market */
  char type;         /* as in the specification: 'S', 'H', 'O', 'P', 'E', '8', '5', 'T', 'B', … */
} deep_header;

typedef struct deep_level {
  deep_header header;
  int64_t price;
  uint32_t size; /* all that now stands at this price, 0 for nothing */
  uint8_t is_complete; /* the book is consistent after this one */
} deep_level;

#define DEEP_TRADE_ISO 0x80
#define DEEP_TRADE_EXTENDED 0x40
#define DEEP_TRADE_ODD_LOT 0x20
#define DEEP_TRADE_THROUGH_EXEMPT 0x10
#define DEEP_TRADE_CROSS 0x08

typedef struct deep_trade {
  deep_header header;
  int64_t price;
  uint32_t size;
  uint8_t conditions; /* DEEP_TRADE_… */
  uint64_t id;
} deep_trade;

/* S, H, O, P, E: what was said of the market or of one security. */
typedef struct deep_status {
  deep_header header;
  char code;      /* S: OSRMEC; H: HOPT; O: ON; P: 01; E: OC */
  char reason[5]; /* of H and P, without padding */
} deep_status;

typedef struct deep_directory {
  deep_header header;
  uint32_t round_lot;
  int64_t reference_price;
} deep_directory;

typedef struct deep_gap {
  uint64_t first, count; /* of the messages that are missing; a count of 0: the sequence went back to `first` */
} deep_gap;

typedef void (*deep_on_level)(void *user, const deep_level *level);
/* `is_break` when an earlier trade with this id is void. */
typedef void (*deep_on_trade)(void *user, const deep_trade *trade, int is_break);
/* By value, as it is small. */
typedef void (*deep_on_status)(void *user, deep_status status);
typedef void (*deep_on_directory)(void *user, const deep_directory *directory);
typedef void (*deep_on_gap)(void *user, deep_gap gap);
/* Any other message, such as auctions, which this library leaves to others. Return 0 to go on. */
typedef int (*deep_on_other)(void *user, const deep_header *header, const uint8_t *bytes, size_t size);

/* NULL where you don't care. */
typedef struct deep_callbacks {
  uint32_t size; /* sizeof(deep_callbacks) */
  void *user;
  deep_on_level on_level;
  deep_on_trade on_trade;
  deep_on_status on_status;
  deep_on_directory on_directory;
  deep_on_gap on_gap;
  deep_on_other on_other;
} deep_callbacks;

/* Copies the callbacks. NULL when there is no memory or `size` is not that of this library. */
DEEP_API deep_decoder *deep_open(const deep_callbacks *callbacks);
DEEP_API void deep_close(deep_decoder *decoder);
/* As after deep_open. */
DEEP_API void deep_reset(deep_decoder *decoder);

/* Decodes one segment, calls back for each message as it is found, and stops at the first that is not whole. */
DEEP_API deep_result deep_feed(deep_decoder *decoder, const uint8_t *bytes, size_t size);
/* Where in the last segment the error was found. */
DEEP_API size_t deep_error_offset(const deep_decoder *decoder);

/* Writes the state when `capacity` is enough, and returns how many bytes it needs. */
DEEP_API size_t deep_save(const deep_decoder *decoder, void *out, size_t capacity);
DEEP_API deep_result deep_load(deep_decoder *decoder, const void *bytes, size_t size);

#ifdef __cplusplus
}
#endif

#endif /* DEEP_H */
