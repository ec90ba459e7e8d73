using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;

namespace IngressController.Routing.Features.Authentication;

/// <summary>Users with their password hashes. Immutable, compared by value; the content never prints.</summary>
public sealed class CredentialSet : IEquatable<CredentialSet>
{
    private readonly Dictionary<string, PasswordHash> _hashes;
    private readonly PasswordHash[] _inOrder;
    private readonly string _fingerprint;

    public CredentialSet(IEnumerable<KeyValuePair<string, PasswordHash>> users)
    {
        _hashes = new(users, StringComparer.Ordinal);
        var ordered = _hashes.OrderBy(user => user.Key, StringComparer.Ordinal).ToArray();
        _inOrder = [.. ordered.Select(user => user.Value)];
        _fingerprint = Fingerprint(ordered);
    }

    /// <summary>The number of users that can log in.</summary>
    public int Count => _inOrder.Length;

    public bool TryFind(string user, [NotNullWhen(true)] out PasswordHash? hash) => _hashes.TryGetValue(user, out hash);

    /// <summary>
    /// The hash of some user, chosen by a number. Unknown users are verified with it, so that the time reveals nothing. It is chosen among
    /// all because hashes differ in form and cost.
    /// </summary>
    public PasswordHash Decoy(uint number) => _inOrder[number % (uint)_inOrder.Length];

    public bool Equals(CredentialSet? other) => ReferenceEquals(this, other) || _fingerprint == other?._fingerprint;

    public override bool Equals(object? obj) => Equals(obj as CredentialSet);

    public override int GetHashCode() => _fingerprint.GetHashCode(StringComparison.Ordinal);

    public override string ToString() => $"{Count} users [redacted]";

    /// <summary>SHA-256 over all users. Not printed: short passwords could be guessed from it if they are not hashed well.</summary>
    private static string Fingerprint(KeyValuePair<string, PasswordHash>[] users)
    {
        using var sha = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var (user, hash) in users)
        {
            Append(sha, Encoding.UTF8.GetBytes(user));
            Append(sha, hash.Reveal());
        }

        return Convert.ToHexStringLower(sha.GetHashAndReset());
    }

    private static void Append(IncrementalHash sha, ReadOnlySpan<byte> field)
    {
        Span<byte> length = stackalloc byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(length, field.Length);
        sha.AppendData(length);
        sha.AppendData(field);
    }
}
