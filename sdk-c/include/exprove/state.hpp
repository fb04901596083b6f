/* SPDX-License-Identifier: Apache-2.0
 *
 * Saved state in C++17: one function names a type's fields, and serves for writing and for reading.
 *
 *   template <class Archive> void state(Archive &io) { io(next, orders); }
 *
 * Fields are integers, enumerations, bool, std::string, pairs, arrays, vectors, maps, and structs with a `state` of their
 * own. Little-endian, no padding, maps in the order of their keys: equal states are equal bytes. What is read is
 * hostile: sizes are held against what is left, and what cannot have been written throws EXPROVE_BAD_DATA.
 */
#ifndef EXPROVE_STATE_HPP
#define EXPROVE_STATE_HPP

#include <exprove/reading.hpp>

#include <array>
#include <map>
#include <vector>

namespace exprove {

class state_writer {
 public:
  static constexpr bool is_reading = false;

  template <class... Fields>
  void operator()(const Fields &...fields) {
    (put(fields), ...);
  }
  const std::vector<uint8_t> &written() const noexcept { return out_; }

 private:
  template <class T>
  void put(const T &value) {
    if constexpr (std::is_enum_v<T>) {
      put(static_cast<std::underlying_type_t<T>>(value));
    } else if constexpr (std::is_same_v<T, bool>) {
      out_.push_back(value ? 1 : 0);
    } else if constexpr (std::is_integral_v<T>) {
      uint64_t bits = static_cast<uint64_t>(value);
      for (size_t i = 0; i < sizeof(T); i++) out_.push_back(static_cast<uint8_t>(bits >> (8 * i)));
    } else {
      const_cast<T &>(value).state(*this); /* which only reads its fields */
    }
  }
  void put(const std::string &text) {
    put(static_cast<uint64_t>(text.size()));
    out_.insert(out_.end(), text.begin(), text.end());
  }
  template <class A, class B>
  void put(const std::pair<A, B> &pair) {
    put(pair.first);
    put(pair.second);
  }
  template <class T, size_t N>
  void put(const std::array<T, N> &array) {
    for (const T &element : array) put(element);
  }
  template <class T>
  void put(const std::vector<T> &vector) {
    put(static_cast<uint64_t>(vector.size()));
    for (const auto &element : vector) put(static_cast<const T &>(element));
  }
  template <class K, class V, class C>
  void put(const std::map<K, V, C> &map) {
    put(static_cast<uint64_t>(map.size()));
    for (const auto &entry : map) {
      put(entry.first);
      put(entry.second);
    }
  }

  std::vector<uint8_t> out_;
};

class state_reader {
 public:
  static constexpr bool is_reading = true;

  state_reader(const uint8_t *data, size_t size) : data_(data), left_(size) {}

  template <class... Fields>
  void operator()(Fields &...fields) {
    (get(fields), ...);
  }
  /* What decoding guarantees, asked of what was read. */
  static void demand(bool holds) {
    if (!holds) throw failure(EXPROVE_BAD_DATA, "saved state that this adapter does not write");
  }
  size_t left() const noexcept { return left_; }

 private:
  const uint8_t *take(uint64_t size) {
    demand(size <= left_);
    const uint8_t *from = data_;
    data_ += size;
    left_ -= static_cast<size_t>(size);
    return from;
  }
  /* Each element takes a byte at least. */
  size_t count() {
    uint64_t value = 0;
    get(value);
    demand(value <= left_);
    return static_cast<size_t>(value);
  }
  template <class T>
  void get(T &value) {
    if constexpr (std::is_enum_v<T>) {
      std::underlying_type_t<T> raw{};
      get(raw);
      value = static_cast<T>(raw);
    } else if constexpr (std::is_same_v<T, bool>) {
      uint8_t raw = *take(1);
      demand(raw <= 1);
      value = raw == 1;
    } else if constexpr (std::is_integral_v<T>) {
      const uint8_t *from = take(sizeof(T));
      uint64_t bits = 0;
      for (size_t i = 0; i < sizeof(T); i++) bits |= static_cast<uint64_t>(from[i]) << (8 * i);
      value = static_cast<T>(bits);
    } else {
      value.state(*this);
    }
  }
  void get(std::string &text) {
    size_t size = count();
    text.assign(reinterpret_cast<const char *>(take(size)), size);
  }
  template <class A, class B>
  void get(std::pair<A, B> &pair) {
    get(pair.first);
    get(pair.second);
  }
  template <class T, size_t N>
  void get(std::array<T, N> &array) {
    for (T &element : array) get(element);
  }
  template <class T>
  void get(std::vector<T> &vector) {
    vector.clear();
    for (size_t size = count(); size > 0; size--) {
      T element{};
      get(element);
      vector.push_back(std::move(element));
    }
  }
  template <class K, class V, class C>
  void get(std::map<K, V, C> &map) {
    map.clear();
    for (size_t size = count(); size > 0; size--) {
      K key{};
      V value{};
      get(key);
      get(value);
      demand(map.empty() || map.key_comp()(map.rbegin()->first, key));
      map.emplace_hint(map.end(), std::move(key), std::move(value));
    }
  }

  const uint8_t *data_;
  size_t left_;
};

}  // namespace exprove

#endif /* EXPROVE_STATE_HPP */
