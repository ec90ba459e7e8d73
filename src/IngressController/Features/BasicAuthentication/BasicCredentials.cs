using System.Diagnostics.CodeAnalysis;
using System.Text;
using Microsoft.Extensions.Primitives;

namespace IngressController.Features.BasicAuthentication;

/// <summary>
/// User and password of an Authorization header (RFC 7617). The password is kept as bytes, because the client chooses its encoding.
/// </summary>
internal sealed class BasicCredentials
{
    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private readonly byte[] _decoded;
    private readonly Range _password;

    private BasicCredentials(string user, byte[] decoded, Range password)
    {
        User = user;
        _decoded = decoded;
        _password = password;
    }

    public string User { get; }

    public ReadOnlySpan<byte> Password => _decoded.AsSpan(_password);

    public override string ToString() => $"{User} [redacted]";

    /// <summary>Parses the header. Returns false unless there is exactly one header with well-formed Basic credentials.</summary>
    public static bool TryParse(StringValues authorization, [NotNullWhen(true)] out BasicCredentials? credentials)
    {
        credentials = null;
        // With two headers a backend could read the other one and see another user.
        if (authorization.Count != 1 || authorization[0] is not { } header || !TryDecode(header, out var decoded))
            return false;

        var colon = decoded.AsSpan().IndexOf((byte)':');
        // RFC 7617, 2: no control characters. A NUL would end the password early in some programs.
        if (colon <= 0 || decoded.AsSpan().ContainsAnyInRange((byte)0, (byte)0x1f) || decoded.AsSpan().Contains((byte)0x7f))
            return false;
        try
        {
            credentials = new BasicCredentials(StrictUtf8.GetString(decoded, 0, colon), decoded, (colon + 1)..);
            return true;
        }
        catch (DecoderFallbackException)
        {
            return false;
        }
    }

    private static bool TryDecode(string header, [NotNullWhen(true)] out byte[]? decoded)
    {
        const string scheme = "Basic ";
        decoded = null;
        if (!header.StartsWith(scheme, StringComparison.OrdinalIgnoreCase))
            return false;
        var token = header.AsSpan(scheme.Length).Trim(' ');
        // As in nginx, padding can be missing. White space, which the decoder would skip, is rejected.
        var bare = token.TrimEnd('=');
        if (bare.IsEmpty || token.Length - bare.Length > 2 || bare.Length % 4 == 1 || bare.ContainsAny(" \t\r\n"))
            return false;

        var padded = bare.Length <= 512 ? stackalloc char[516] : new char[bare.Length + 3];
        bare.CopyTo(padded);
        var length = (bare.Length + 3) & ~3;
        padded[bare.Length..length].Fill('=');
        var buffer = new byte[(bare.Length * 3) / 4];
        if (!Convert.TryFromBase64Chars(padded[..length], buffer, out var written) || written != buffer.Length)
            return false;
        decoded = buffer;
        return true;
    }
}
