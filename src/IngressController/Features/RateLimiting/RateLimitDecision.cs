using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;

namespace IngressController.Features.RateLimiting;

/// <summary>What a limiter says about one request.</summary>
/// <param name="IsAcquired">Whether the request has its permit.</param>
/// <param name="Limit">The permits there are in all, of this replica.</param>
/// <param name="Remaining">How many more requests would get one now.</param>
/// <param name="RetryAfter">For a refused request, when one permit will be there; zero where nobody knows (<c>Concurrency</c>).</param>
/// <param name="ResetAfter">When more permits will be there than now: all of them, or those of the next window. Zero where nobody knows.</param>
/// <param name="Partition">The count it was taken from.</param>
internal readonly record struct RateLimitDecision(
    bool IsAcquired, int Limit, int Remaining, TimeSpan RetryAfter, TimeSpan ResetAfter, RateLimitKey Partition = default);

/// <summary>Which count a request belongs to, in 128 bits: an address as it is, anything else as a hash.</summary>
internal readonly record struct RateLimitKey(UInt128 Value)
{
    private const int Ipv6NetworkBytes = 8;

    /// <summary>New in each process, so that nobody can compute two values that share a count.</summary>
    private static readonly byte[] Salt = RandomNumberGenerator.GetBytes(32);

    public static int SaltLength => Salt.Length;

    /// <summary>IPv4 in its mapped form; IPv6 cut to its /64, of which one client has every address.</summary>
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

    /// <summary>Hashes a text. Its first <see cref="SaltLength"/> bytes are kept free for the salt, so that nothing is copied.</summary>
    public static RateLimitKey FromText(Span<byte> text)
    {
        Salt.CopyTo(text);
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(text, hash);
        return new(BinaryPrimitives.ReadUInt128BigEndian(hash));
    }

    /// <summary>One of the counts that keys beyond the cap share. No address looks like it: IPv6 keys end in 64 zero bits, IPv4 ones begin so.</summary>
    public static RateLimitKey Overflow(int index) => new(new UInt128(ulong.MaxValue, (ulong)index + 1));
}
