using System.Text;
using IngressController.Http;
using Microsoft.Net.Http.Headers;

namespace IngressController.Listeners;

/// <summary>
/// The encodings of request fields. Kestrel asks for one by the name of the field, and it is the only place where a program sees the bytes of
/// a field before Kestrel has read them.
/// </summary>
internal static class RequestFieldEncodings
{
    private const string Authority = ":authority";

    /// <summary>Header bytes pass unchanged: Latin-1 maps every byte to one char and back.</summary>
    public static Encoding Of(string name) => name.Length switch
    {
        4 when name.Equals(HeaderNames.Host, StringComparison.OrdinalIgnoreCase) => HostEncoding.OfHost,
        10 when name.Equals(Authority, StringComparison.Ordinal) => HostEncoding.OfAuthority,
        14 when name.Equals(HeaderNames.ContentLength, StringComparison.OrdinalIgnoreCase) => ContentLengthEncoding.Instance,
        _ => Encoding.Latin1,
    };
}
