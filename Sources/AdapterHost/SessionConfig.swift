// SPDX-License-Identifier: Apache-2.0

internal import EventFlow
package import CExProveABI
internal import Glibc

/// A configuration laid out in C, valid while this object lives.
@safe package final class SessionConfig {
  private let config: UnsafeMutablePointer<exprove_config>
  private let settings: UnsafeMutableBufferPointer<exprove_setting>
  private var strings: [UnsafeMutablePointer<CChar>]

  package init(_ configuration: AdapterSession.Configuration) {
    unsafe strings = []
    unsafe settings = .allocate(capacity: configuration.settings.count)
    for (index, setting) in configuration.settings.enumerated() {
      let key = unsafe SessionConfig.copy(setting.key)
      let value = unsafe SessionConfig.copy(setting.value)
      unsafe strings += [key, value]
      unsafe settings.initializeElement(at: index, to: exprove_setting(key: key, value: value))
    }
    unsafe config = .allocate(capacity: 1)
    unsafe config.initialize(
      to: exprove_config(
        struct_size: UInt32(MemoryLayout<exprove_config>.size), framing: configuration.framing.rawValue,
        channel: configuration.channel.rawValue, settings_count: UInt32(configuration.settings.count),
        settings: UnsafePointer(settings.baseAddress), day_start: configuration.dayStart, seed: configuration.seed))
  }

  deinit {
    for index in unsafe strings.indices { unsafe strings[index].deallocate() }
    unsafe settings.deallocate()
    unsafe config.deallocate()
  }

  @unsafe package var pointer: UnsafeMutablePointer<exprove_config> { unsafe config }

  private static func copy(_ text: String) -> UnsafeMutablePointer<CChar> {
    let bytes = text.utf8.map { CChar(bitPattern: $0) } + [0]
    let copy = UnsafeMutablePointer<CChar>.allocate(capacity: bytes.count)
    unsafe copy.initialize(from: bytes, count: bytes.count)
    return unsafe copy
  }
}
