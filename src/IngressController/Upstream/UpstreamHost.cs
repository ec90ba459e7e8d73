using System.Text;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;

namespace IngressController.Upstream;

/// <summary>
/// The Host of a request to an endpoint. The HTTP client adds one with the address of the endpoint if there is none, and also beside one that
/// it does not accept.
/// </summary>
internal static class UpstreamHost
{
    /// <summary>
    /// Stands for no host. HTTP/1.1 sends an empty field instead (RFC 9112, 3.2). HTTP/2 sends this name, which belongs to no one (RFC 6761,
    /// 6.4): the HTTP client always sends an authority. Compared by reference.
    /// </summary>
    private static readonly string None = new("no-host.invalid".AsSpan());

    /// <summary>Makes sure that a request has exactly one host that the HTTP client accepts: its own, that of the client, or none.</summary>
    /// <param name="message">The request for the endpoint, complete.</param>
    /// <param name="client">The Host of the client; empty if it has sent none.</param>
    public static void Ensure(HttpRequestMessage message, StringValues client)
    {
        var headers = message.Headers;
        var count = headers.NonValidated.TryGetValues(HeaderNames.Host, out var values) ? values.Count : 0;
        if (count == 1 && headers.Host is not null)
            return;
        // Removed on purpose: the endpoint gets its own address.
        if (count == 0 && client.Count > 0)
            return;
        headers.Remove(HeaderNames.Host);
        if (count > 0 && client.Count == 1)
            headers.TryAddWithoutValidation(HeaderNames.Host, client[0]);
        if (headers.Host is not null)
            return;
        headers.Remove(HeaderNames.Host);
        headers.Host = None;
    }

    /// <summary>The encoding of the Host field of a request that has no host; null for all other fields and requests.</summary>
    public static Encoding? EncodingOf(string header, HttpRequestMessage request) =>
        header.Length == HeaderNames.Host.Length && header.Equals(HeaderNames.Host, StringComparison.OrdinalIgnoreCase) && ReferenceEquals(request.Headers.Host, None)
            ? NothingEncoding.Instance
            : null;

    /// <summary>Writes nothing.</summary>
    private sealed class NothingEncoding : Encoding
    {
        public static NothingEncoding Instance { get; } = new();

        public override int GetByteCount(char[] chars, int index, int count) => 0;

        public override int GetBytes(char[] chars, int charIndex, int charCount, byte[] bytes, int byteIndex) => 0;

        public override int GetBytes(ReadOnlySpan<char> chars, Span<byte> bytes) => 0;

        public override int GetCharCount(byte[] bytes, int index, int count) => 0;

        public override int GetChars(byte[] bytes, int byteIndex, int byteCount, char[] chars, int charIndex) => 0;

        public override int GetMaxByteCount(int charCount) => 0;

        public override int GetMaxCharCount(int byteCount) => 0;
    }
}
