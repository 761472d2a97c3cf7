// The smallest Linux program that prints a text: an ELF file of one segment
// with write(1, text) and exit(0), so that a test with a real engine needs no
// image from anywhere. Layout: elf(5); numbers of calls: x86-64 and arm64 syscall tables.
const BASE = 0x400000
const HEADERS_BYTES = 64 + 56

const X64 = 62
const ARM64 = 183

export function echoProgram(text: string, arch = process.arch): Buffer {
  const data = Buffer.from(text)
  const code = arch === 'arm64' ? armCode(data.length) : intelCode(data.length)
  const size = HEADERS_BYTES + code.length + data.length
  const file = Buffer.alloc(size)
  Buffer.from('7f454c46020101', 'hex').copy(file) // ELF, 64 bits, little endian
  file.writeUInt16LE(2, 16) // executable
  file.writeUInt16LE(arch === 'arm64' ? ARM64 : X64, 18)
  file.writeUInt32LE(1, 20)
  file.writeBigUInt64LE(BigInt(BASE + HEADERS_BYTES), 24) // entry
  file.writeBigUInt64LE(64n, 32) // program header follows
  file.writeUInt16LE(64, 52)
  file.writeUInt16LE(56, 54)
  file.writeUInt16LE(1, 56)
  file.writeUInt32LE(1, 64) // load
  file.writeUInt32LE(5, 68) // readable, executable
  file.writeBigUInt64LE(BigInt(BASE), 80)
  file.writeBigUInt64LE(BigInt(BASE), 88)
  file.writeBigUInt64LE(BigInt(size), 96)
  file.writeBigUInt64LE(BigInt(size), 104)
  file.writeBigUInt64LE(0x1000n, 112)
  code.copy(file, HEADERS_BYTES)
  data.copy(file, HEADERS_BYTES + code.length)
  return file
}

function intelCode(textBytes: number): Buffer {
  const code = Buffer.from(
    'b801000000' + // mov eax, 1 (write)
      'bf01000000' + // mov edi, 1
      'be00000000' + // mov esi, text
      'ba00000000' + // mov edx, length
      '0f05' + // syscall
      'b83c000000' + // mov eax, 60 (exit)
      '31ff' + // xor edi, edi
      '0f05',
    'hex',
  )
  code.writeUInt32LE(BASE + HEADERS_BYTES + code.length, 11)
  code.writeUInt32LE(textBytes, 16)
  return code
}

function armCode(textBytes: number): Buffer {
  const words = [
    0xd2800020, // mov x0, 1
    0, // adr x1, text: set below, since it counts the words up to there
    0xd2800002 + (textBytes << 5), // mov x2, length
    0xd2800808, // mov x8, 64 (write)
    0xd4000001, // svc 0
    0xd2800000, // mov x0, 0
    0xd2800ba8, // mov x8, 93 (exit)
    0xd4000001, // svc 0
  ]
  words[1] = 0x10000001 + ((words.length - 1) << 5)
  return Buffer.from(new Uint32Array(words).buffer)
}
