using System.Buffers;
using System.Buffers.Binary;
using System.Net;
using System.Runtime.InteropServices;
using IngressController.Http;
using IngressController.Pipeline;
using IngressController.Routing.Features.RateLimiting;
using Microsoft.AspNetCore.WebUtilities;

namespace IngressController.Features.RateLimiting;

/// <summary>Computes the rate limit key of a request.</summary>
internal static class RateLimitKeys
{
    private const int StackBufferLength = 512;

    /// <summary>The key of a request. A missing value counts as empty, so omitting it does not evade the limit.</summary>
    /// <param name="parts">The parts of the rule's key.</param>
    /// <param name="context">The request.</param>
    /// <param name="client">The address of the client, restored behind trusted proxies.</param>
    /// <param name="host">The host in lower case, without port.</param>
    /// <param name="path">The normalized path.</param>
    public static RateLimitKey Read(EquatableArray<RateLimitKeyPart> parts, HttpContext context, IPAddress client, string host, string path)
    {
        if (parts.Count == 1 && parts[0].Kind == RateLimitKeyKind.ClientIp)
            return RateLimitKey.FromAddress(client);

        var text = new KeyText(stackalloc byte[StackBufferLength]);
        foreach (var part in parts)
        {
            switch (part.Kind)
            {
                case RateLimitKeyKind.ClientIp:
                    text.Append(RateLimitKey.FromAddress(client));
                    break;
                case RateLimitKeyKind.Header:
                    text.Append(context.Request.Headers[part.Name].ToString());
                    break;
                case RateLimitKeyKind.Cookie:
                    text.Append(RequestCookies.Find(context.Request.Headers.Cookie, part.Name));
                    break;
                case RateLimitKeyKind.Query:
                    text.Append(QueryOf(context.Request.QueryString, part.Name));
                    break;
                case RateLimitKeyKind.Host:
                    text.Append(host);
                    break;
                case RateLimitKeyKind.Path:
                    text.Append(path);
                    break;
                case RateLimitKeyKind.ApiClient:
                    text.Append(ProxyRequest.Of(context).ApiClient);
                    break;
                default:
                    throw new ArgumentOutOfRangeException(nameof(parts), part.Kind, "unknown part of a key");
            }
        }

        return text.ToKey();
    }

    /// <summary>The first parameter with the name, decoded.</summary>
    private static ReadOnlySpan<char> QueryOf(QueryString query, string name)
    {
        foreach (var pair in new QueryStringEnumerable(query.Value))
        {
            if (pair.DecodeName().Span.SequenceEqual(name))
                return pair.DecodeValue().Span;
        }

        return default;
    }

    /// <summary>Concatenates the parts, each preceded by its length, so that ("a", "bc") differs from ("ab", "c").</summary>
    private ref struct KeyText(Span<byte> initial)
    {
        private Span<byte> _bytes = initial;
        private byte[]? _rented;
        private int _length = RateLimitKey.SaltLength;

        public void Append(ReadOnlySpan<char> part)
        {
            // As UTF-16 in memory: no conversion can make two values equal.
            var bytes = MemoryMarshal.AsBytes(part);
            var free = Take(sizeof(int) + bytes.Length);
            BinaryPrimitives.WriteInt32LittleEndian(free, bytes.Length);
            bytes.CopyTo(free[sizeof(int)..]);
        }

        public void Append(RateLimitKey address) => BinaryPrimitives.WriteUInt128BigEndian(Take(16), address.Value);

        public RateLimitKey ToKey()
        {
            var key = RateLimitKey.FromText(_bytes[.._length]);
            if (_rented is not null)
                ArrayPool<byte>.Shared.Return(_rented, clearArray: true); // cookies and tokens
            return key;
        }

        private Span<byte> Take(int count)
        {
            if (_length + count > _bytes.Length)
            {
                var larger = ArrayPool<byte>.Shared.Rent(Math.Max(_length + count, 2 * _bytes.Length));
                _bytes[.._length].CopyTo(larger);
                if (_rented is not null)
                    ArrayPool<byte>.Shared.Return(_rented, clearArray: true);
                _bytes = _rented = larger;
            }

            _length += count;
            return _bytes[(_length - count).._length];
        }
    }
}
