using System.IO.Compression;
using System.Text;
using IngressController.Configuration;
using IngressController.Tests.Fakes;

namespace IngressController.Tests.Features.Compression;

/// <summary>A proxy for tests of compression.</summary>
public class CompressionFixture : ProxyFixture
{
    /// <summary>Decodes a body, each char of which is a byte.</summary>
    internal static string Decode(string body, string? coding)
    {
        var bytes = new MemoryStream(Encoding.Latin1.GetBytes(body));
        using Stream stream = coding switch { "gzip" => new GZipStream(bytes, CompressionMode.Decompress), "br" => new BrotliStream(bytes, CompressionMode.Decompress), _ => bytes };
        using var reader = new StreamReader(stream, Encoding.Latin1);
        return reader.ReadToEnd();
    }

    internal static string Decode(WireMessage response) => Decode(response.Body, response.One("Content-Encoding"));
}

/// <summary>The same with requests sent by the HTTP client of .NET.</summary>
public sealed class HttpClientCompressionFixture : CompressionFixture
{
    public override IngressOptions Configure(IngressOptions options)
    {
        options = base.Configure(options);
        return options with { Upstream = options.Upstream with { DirectForwarding = false } };
    }
}
