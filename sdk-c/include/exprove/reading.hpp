/* SPDX-License-Identifier: Apache-2.0
 *
 * Reading a venue's bytes in C++17: bounds are checked, numbers are exact, and what is wrong is thrown as `malformed`
 * with the byte where it is wrong. Included by adapter.hpp.
 */
#ifndef EXPROVE_READING_HPP
#define EXPROVE_READING_HPP

#include <exprove/adapter.h>

#include <cstdint>
#include <cstring>
#include <exception>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace exprove {

/* Thrown while a frame is decoded: it becomes the event MALFORMED. What was put for the frame before is taken back. */
struct malformed {
  exprove_malformed reason;
  uint64_t at; /* byte offset in the frame */
};

/* Thrown while a frame is decoded: a message type that the adapter does not know becomes the event UNKNOWN. */
struct unknown {
  uint64_t code;
};

/* Thrown anywhere else: the call answers `status`, with the text where it takes one. */
class failure : public std::exception {
 public:
  failure(exprove_status status, std::string text) : status_(status), text_(std::move(text)) {}
  exprove_status status() const noexcept { return status_; }
  const char *what() const noexcept override { return text_.c_str(); }

 private:
  exprove_status status_;
  std::string text_;
};

/* A run of bytes that somebody else owns. Reading beyond it throws malformed SHORT. */
class bytes {
 public:
  bytes() = default;
  bytes(const uint8_t *data, size_t size, uint64_t origin = 0) : data_(data), size_(size), origin_(origin) {}

  const uint8_t *data() const noexcept { return data_; }
  size_t size() const noexcept { return size_; }
  bool empty() const noexcept { return size_ == 0; }
  /* Where its byte `at` lies in the frame. */
  uint64_t place(size_t at) const noexcept { return origin_ + at; }

  bytes part(size_t at, size_t size) const {
    if (at > size_ || size > size_ - at) throw malformed{EXPROVE_MALFORMED_SHORT, place(size_)};
    return bytes(data_ + at, size, place(at));
  }
  uint8_t operator[](size_t at) const { return *part(at, 1).data_; }

  /* It must have `size` bytes, no less and no more. */
  void exactly(size_t size) const {
    if (size_ < size) throw malformed{EXPROVE_MALFORMED_SHORT, place(size_)};
    if (size_ > size) throw malformed{EXPROVE_MALFORMED_LONG, place(size)};
  }

  /* An integer whose most significant byte comes first; `size` may be less than T has. */
  template <class T>
  T big(size_t at, size_t size = sizeof(T)) const {
    return number<T>(part(at, size), false);
  }
  template <class T>
  T little(size_t at, size_t size = sizeof(T)) const {
    return number<T>(part(at, size), true);
  }
  /* One byte that must be one of the letters. */
  char letter(size_t at, std::string_view one_of) const {
    char c = static_cast<char>((*this)[at]);
    if (one_of.find(c) == std::string_view::npos) throw malformed{EXPROVE_MALFORMED_FIELD, place(at)};
    return c;
  }
  std::string_view text(size_t at, size_t size) const {
    bytes run = part(at, size);
    return std::string_view(reinterpret_cast<const char *>(run.data_), size);
  }
  /* Printable ASCII without blanks, padded to `size`; at least one character. */
  std::string_view padded(size_t at, size_t size, char pad = ' ') const {
    std::string_view field = text(at, size);
    size_t used = 0;
    while (used < size && field[used] > ' ' && field[used] <= '~') used++;
    if (used == 0) throw malformed{EXPROVE_MALFORMED_FIELD, place(at)};
    for (size_t i = used; i < size; i++) {
      if (field[i] != pad) throw malformed{EXPROVE_MALFORMED_FIELD, place(at + i)};
    }
    return field.substr(0, used);
  }

 private:
  template <class T>
  static T number(const bytes &run, bool is_little) {
    static_assert(std::is_integral_v<T>, "an integer");
    uint64_t value = 0;
    for (size_t i = 0; i < run.size_; i++) value = value << 8 | run.data_[is_little ? run.size_ - 1 - i : i];
    /* Fewer bytes than T has are a number of that size: its sign is its own. */
    if (std::is_signed_v<T> && run.size_ < 8 && run.size_ > 0 && (value >> (8 * run.size_ - 1)) != 0) {
      value |= ~uint64_t{0} << (8 * run.size_);
    }
    return static_cast<T>(value);
  }

  const uint8_t *data_ = nullptr;
  size_t size_ = 0;
  uint64_t origin_ = 0;
};

/* What the host hands over: one frame's bytes, and whether the host sent it. */
class frame : public bytes {
 public:
  frame(const uint8_t *data, size_t size, uint32_t flags) : bytes(data, size), flags_(flags) {}
  bool outbound() const noexcept { return (flags_ & EXPROVE_FRAME_OUTBOUND) != 0; }
  bool truncated() const noexcept { return (flags_ & EXPROVE_FRAME_TRUNCATED) != 0; }

 private:
  uint32_t flags_;
};

/* `value` at 10^-from as one at 10^-to. Nothing is rounded: what does not fit throws malformed RANGE. */
inline int64_t rescale(int64_t value, unsigned from, unsigned to, uint64_t at = 0) {
  for (; from < to; from++) {
    if (__builtin_mul_overflow(value, INT64_C(10), &value)) throw malformed{EXPROVE_MALFORMED_RANGE, at};
  }
  for (; from > to; from--) {
    if (value % 10 != 0) throw malformed{EXPROVE_MALFORMED_RANGE, at};
    value /= 10;
  }
  return value;
}

/* An unsigned number of the venue's as one at 10^-to. */
template <class T>
int64_t scaled(T value, unsigned from, unsigned to, uint64_t at = 0) {
  static_assert(std::is_unsigned_v<T>, "an unsigned number as it stands in the message");
  if (value > static_cast<uint64_t>(INT64_MAX)) throw malformed{EXPROVE_MALFORMED_RANGE, at};
  return rescale(static_cast<int64_t>(value), from, to, at);
}

/* `-12.50` at 10^-scale, exactly: digits, at most one point with digits on both sides, no sign but `-`, no exponent. */
inline int64_t decimal(std::string_view text, unsigned scale, uint64_t at = 0) {
  int64_t value = 0;
  size_t i = 0;
  bool is_negative = !text.empty() && text[0] == '-';
  if (is_negative) i++;
  unsigned digits = 0, decimals = 0;
  bool has_point = false;
  for (; i < text.size(); i++) {
    char c = text[i];
    if (c == '.' && !has_point && digits > 0 && i + 1 < text.size()) {
      has_point = true;
      continue;
    }
    if (c < '0' || c > '9') throw malformed{EXPROVE_MALFORMED_SYNTAX, at + i};
    digits++;
    if (has_point && ++decimals > scale) { /* more decimals than the scale has must be zeros */
      if (c != '0') throw malformed{EXPROVE_MALFORMED_RANGE, at + i};
      continue;
    }
    int64_t digit = is_negative ? '0' - c : c - '0';
    if (__builtin_mul_overflow(value, INT64_C(10), &value) || __builtin_add_overflow(value, digit, &value)) {
      throw malformed{EXPROVE_MALFORMED_RANGE, at + i};
    }
  }
  if (digits == 0) throw malformed{EXPROVE_MALFORMED_SYNTAX, at + i};
  return rescale(value, decimals < scale ? decimals : scale, scale, at);
}

/* Decimal digits as a whole number. */
inline uint64_t integer(std::string_view text, uint64_t at = 0) {
  uint64_t value = 0;
  for (size_t i = 0; i < text.size(); i++) {
    if (text[i] < '0' || text[i] > '9') throw malformed{EXPROVE_MALFORMED_SYNTAX, at + i};
    uint64_t digit = static_cast<uint64_t>(text[i] - '0');
    if (__builtin_mul_overflow(value, UINT64_C(10), &value) || __builtin_add_overflow(value, digit, &value)) {
      throw malformed{EXPROVE_MALFORMED_RANGE, at + i};
    }
  }
  if (text.empty()) throw malformed{EXPROVE_MALFORMED_SYNTAX, at};
  return value;
}

/* Up to eight letters as `aux` carries codes: the first one in the lowest byte. */
constexpr uint64_t code(std::string_view letters) {
  uint64_t value = 0;
  for (size_t i = 0; i < letters.size() && i < 8; i++) {
    value |= static_cast<uint64_t>(static_cast<unsigned char>(letters[i])) << (8 * i);
  }
  return value;
}

/* Well-formed UTF-8 after RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF. */
inline bool is_utf8(std::string_view text) {
  for (size_t i = 0; i < text.size();) {
    unsigned char lead = static_cast<unsigned char>(text[i]);
    size_t more = lead < 0x80 ? 0 : lead < 0xC2 ? 4 : lead < 0xE0 ? 1 : lead < 0xF0 ? 2 : lead < 0xF5 ? 3 : 4;
    if (more == 4 || more > text.size() - i - 1) return false;
    unsigned char low = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
    unsigned char high = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
    for (size_t k = 1; k <= more; k++, low = 0x80, high = 0xBF) {
      unsigned char c = static_cast<unsigned char>(text[i + k]);
      if (c < low || c > high) return false;
    }
    i += more + 1;
  }
  return true;
}

}  // namespace exprove

#endif /* EXPROVE_READING_HPP */
