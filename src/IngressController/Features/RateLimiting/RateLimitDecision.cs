using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;

namespace IngressController.Features.RateLimiting;

/// <summary>The decision of a limiter about a request.</summary>
/// <param name="IsAcquired">True if the request has a permit.</param>
/// <param name="Limit">Number of all permits of this replica.</param>
/// <param name="Remaining">Number of further requests that would get a permit now.</param>
/// <param name="RetryAfter">For a refused request, the time until one permit is available; zero if unknown (<c>Concurrency</c>).</param>
/// <param name="ResetAfter">The time until more permits are available: all of them, or those of the next window. Zero if unknown.</param>
/// <param name="Partition">The count of the request.</param>
internal readonly record struct RateLimitDecision(
    bool IsAcquired, int Limit, int Remaining, TimeSpan RetryAfter, TimeSpan ResetAfter, RateLimitKey Partition = default);

/// <summary>Identifies the count of a request in 128 bits: an address unchanged, anything else as a hash.</summary>
internal readonly record struct RateLimitKey(UInt128 Value)
{
    private const int Ipv6NetworkBytes = 8;

    /// <summary>Random per process, so that clients cannot compute values with equal hashes.</summary>
    private static readonly byte[] Salt = RandomNumberGenerator.GetBytes(32);

    public static int SaltLength => Salt.Length;

    /// <summary>The key of an address: IPv4 in mapped form, IPv6 reduced to its /64, because one client has all addresses of it.</summary>
    public static RateLimitKey FromAddress(IPAddress address)
    {
        Span<byte> bytes = stackalloc byte[16];
        if (address.AddressFamily == AddressFamily.InterNetwork)
        {
            address.TryWriteBytes(bytes[12..], out _);
            bytes[10] = bytes[11] = 0xff;
        }
        else
        {
            address.TryWriteBytes(bytes, out _);
            if (!address.IsIPv4MappedToIPv6)
                bytes[Ipv6NetworkBytes..].Clear();
        }

        return new(BinaryPrimitives.ReadUInt128BigEndian(bytes));
    }

    /// <summary>The key of a text. Its first <see cref="SaltLength"/> bytes are reserved for the salt, which avoids a copy.</summary>
    public static RateLimitKey FromText(Span<byte> text)
    {
        Salt.CopyTo(text);
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(text, hash);
        return new(BinaryPrimitives.ReadUInt128BigEndian(hash));
    }

    /// <summary>
    /// One of the counts that keys beyond the maximum share. It equals no address: IPv6 keys end with 64 zero bits, IPv4 keys start with
    /// them.
    /// </summary>
    public static RateLimitKey Overflow(int index) => new(new UInt128(ulong.MaxValue, (ulong)index + 1));
}
