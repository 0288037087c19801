import TestKit
import Testing

@testable import Documents

@Suite struct SHA256Tests {
    struct Vector: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var message: [UInt8]
        var digest: String

        init(_ description: String, _ message: String, _ digest: String) {
            (testDescription, self.message, self.digest) = (description, Array(message.utf8), digest)
        }

        init(letters count: Int, _ digest: String) {
            self.init("\(count) times a", String(repeating: "a", count: count), digest)
        }
    }

    /// NIST's examples for FIPS 180-4, and messages around the ends of 64-byte blocks, of which the last holds 55 bytes
    /// at most; the digests of these are from coreutils' sha256sum.
    static let vectors = [
        Vector("nothing", "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        Vector("one block", "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        Vector(
            "448 bits, whose length goes into a second block",
            "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
        ),
        Vector(
            "896 bits",
            "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu",
            "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1"
        ),
        Vector(letters: 1_000_000, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"),
        Vector(letters: 55, "9f4390f8d30c2dd92ec9f095b65e2b9ae9b0a925a5258e241c9f1e910f734318"),
        Vector(letters: 56, "b35439a4ac6f0948b6d6f9e3c6af0f5f590ce20f1bde7090ef7970686ec6738a"),
        Vector(letters: 63, "7d3e74a05d7db15bce4ad9ec0658ea98e3f06eeecf16b4c6fff2da457ddc2f34"),
        Vector(letters: 64, "ffe054fe7ae0cb6dc65c3af9b61d5209f439851db43d0ba5997337df154668eb"),
        Vector(letters: 65, "635361c48bb9eab14198e76ea8ab7f1a41685d6ad62aa9146d301d4f17eb0ae0"),
        Vector(letters: 119, "31eba51c313a5c08226adf18d4a359cfdfd8d2e816b13f4af952f7ea6584dcfb"),
        Vector(letters: 120, "2f3d335432c70b580af0e8e1b3674a7c020d683aa5f73aaaedfdc55af904c21c"),
        Vector(letters: 128, "6836cf13bac400e9105071cd6af47084dfacad4e5e302c94bfed24e013afb73e"),
    ]

    @Test(arguments: vectors)
    func `the digest of a message is what the standard says`(_ vector: Vector) {
        #expect(SHA256.hash(vector.message).hexadecimal == vector.digest)
    }

    @Test(arguments: vectors)
    func `a message in pieces has the digest of the whole, wherever it is cut`(_ vector: Vector) {
        for size in [1, 3, 55, 63, 64, 65, 127, 4_096] where size <= vector.message.count {
            var hash = SHA256()
            for start in stride(from: 0, to: vector.message.count, by: size) {
                hash.update(vector.message.span.extracting(start..<min(start + size, vector.message.count)).bytes)
                hash.update([UInt8]().span.bytes)
            }
            #expect(hash.finalize().hexadecimal == vector.digest, "pieces of \(size)")
        }
    }

    @Test func `any two pieces have the digest of the whole`() {
        var random = SeededRandom(seed: 14)
        let message = (0..<200).map { _ in UInt8.random(in: 0...255, using: &random) }
        let whole = SHA256.hash(message).hexadecimal
        for cut in 0...message.count {
            var hash = SHA256()
            hash.update(message.span.extracting(first: cut).bytes)
            hash.update(message.span.extracting(droppingFirst: cut).bytes)
            #expect(hash.finalize().hexadecimal == whole, "cut at \(cut)")
        }
    }

    @Test func `a copied hash goes on independently`() {
        var hash = SHA256()
        hash.update(Array("ab".utf8).span.bytes)
        var copy = hash
        copy.update(Array("x".utf8).span.bytes)
        hash.update(Array("c".utf8).span.bytes)
        #expect(hash.finalize().hexadecimal == SHA256.hash(Array("abc".utf8)).hexadecimal)
        #expect(copy.finalize().hexadecimal == SHA256.hash(Array("abx".utf8)).hexadecimal)
    }

    @Test func `the first digits can be read alone`() {
        let digest = SHA256.hash(Array("abc".utf8))
        #expect(digest.hexadecimalBytes(of: 8) == Array("ba7816bf8f01cfea".utf8))
    }
}
