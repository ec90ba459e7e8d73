using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;

namespace IngressController.Routing.Features.ApiKeys;

/// <summary>The clients of a Secret with the hashes of their keys. Immutable, compared by value; the hashes never print.</summary>
public sealed class ApiKeySet : IEquatable<ApiKeySet>
{
    /// <summary>Longer keys are in no Secret.</summary>
    public const int MaxKeyLength = 1024;

    private const int WordsPerHash = SHA256.HashSizeInBytes / sizeof(ulong);

    private readonly string[] _clients;
    private readonly ulong[] _hashes;
    private readonly string _fingerprint;

    /// <param name="keys">The keys by client; no two clients have the same.</param>
    public ApiKeySet(IEnumerable<KeyValuePair<string, string>> keys)
    {
        var ordered = keys.OrderBy(entry => entry.Key, StringComparer.Ordinal).ToArray();
        _clients = [.. ordered.Select(entry => entry.Key)];
        _hashes = new ulong[WordsPerHash * ordered.Length];
        for (var i = 0; i < ordered.Length; i++)
            SHA256.HashData(Encoding.ASCII.GetBytes(ordered[i].Value), MemoryMarshal.AsBytes(_hashes.AsSpan(i * WordsPerHash, WordsPerHash)));
        _fingerprint = Fingerprint();
    }

    public EquatableArray<string> Clients => [.. _clients];

    public int Count => _clients.Length;

    /// <summary>
    /// The client of a key; null for an unknown key. Hashes are compared, all of them and each as a whole, so the time tells nothing about the
    /// keys.
    /// </summary>
    public string? Find(ReadOnlySpan<char> key)
    {
        if (key.Length is 0 or > MaxKeyLength || !Ascii.IsValid(key))
            return null;
        Span<byte> bytes = stackalloc byte[MaxKeyLength];
        Span<ulong> hash = stackalloc ulong[WordsPerHash];
        SHA256.HashData(bytes[..Encoding.ASCII.GetBytes(key, bytes)], MemoryMarshal.AsBytes(hash));
        var number = 0;
        for (var i = 0; i < _clients.Length; i++)
        {
            var known = _hashes.AsSpan(i * WordsPerHash, WordsPerHash);
            var difference = (hash[0] ^ known[0]) | (hash[1] ^ known[1]) | (hash[2] ^ known[2]) | (hash[3] ^ known[3]);
            // All ones if there is no difference, else zero, without a branch.
            var isSame = (int)((difference | (0 - difference)) >> 63) - 1;
            number |= isSame & (i + 1);
        }

        return number == 0 ? null : _clients[number - 1];
    }

    public bool Equals(ApiKeySet? other) => ReferenceEquals(this, other) || _fingerprint == other?._fingerprint;

    public override bool Equals(object? obj) => Equals(obj as ApiKeySet);

    public override int GetHashCode() => _fingerprint.GetHashCode(StringComparison.Ordinal);

    public override string ToString() => $"{Count} clients [redacted]";

    private string Fingerprint()
    {
        using var sha = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Span<byte> length = stackalloc byte[sizeof(int)];
        foreach (var client in _clients)
        {
            BinaryPrimitives.WriteInt32LittleEndian(length, client.Length);
            sha.AppendData(length);
            sha.AppendData(Encoding.UTF8.GetBytes(client));
        }

        sha.AppendData(MemoryMarshal.AsBytes(_hashes.AsSpan()));
        return Convert.ToHexStringLower(sha.GetHashAndReset());
    }
}
