using System.Net;
using System.Text;
using System.Text.Json;
using IngressController.Configuration;
using IngressController.Routing.Features.Authentication;
using IngressController.Upstream;

namespace IngressController.Features.JsonWebTokens;

/// <summary>Fetches the keys of issuers.</summary>
internal sealed class JwtKeyClient(UpstreamOptions options, ResolveName resolve, TimeProvider time) : IDisposable
{
    private const int MaxLength = 512 * 1024;

    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(10);

    private readonly TenantHttp _http = new(options, Timeout, resolve, time);

    /// <summary>Fetches a JSON Web Key Set.</summary>
    /// <exception cref="IOException">There is none; the message says why.</exception>
    public async Task<string> FetchAsync(JwtKeySource source, CancellationToken cancellation)
    {
        using var timeout = new CancellationTokenSource(Timeout, time);
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellation);
        try
        {
            return source switch
            {
                JwtKeySource.Set set => await GetAsync(set.Address, ended.Token),
                JwtKeySource.Discovery discovery => await GetAsync(SetOf(await GetAsync(discovery.Address, ended.Token), discovery.Issuer), ended.Token),
                _ => throw new ArgumentException("its keys are not fetched", nameof(source)),
            };
        }
        catch (OperationCanceledException error) when (timeout.IsCancellationRequested)
        {
            throw new IOException($"no response within {Timeout.TotalSeconds:0} s", error);
        }
        catch (HttpRequestException error)
        {
            throw new IOException(error.InnerException is { } inner ? $"{error.Message} {inner.Message}" : error.Message, error);
        }
    }

    public void Dispose() => _http.Dispose();

    private async Task<string> GetAsync(Uri address, CancellationToken cancellation)
    {
        var url = new UriBuilder(Uri.UriSchemeHttp, TenantHttp.FullyQualified(address.IdnHost), address.Port) { Path = address.AbsolutePath, Query = address.Query };
        using var message = new HttpRequestMessage(HttpMethod.Get, url.Uri) { Version = HttpVersion.Version11, VersionPolicy = HttpVersionPolicy.RequestVersionExact };
        message.Headers.Host = address.IsDefaultPort ? address.IdnHost : $"{address.IdnHost}:{address.Port}";
        message.Headers.TryAddWithoutValidation("Accept", "application/json");
        using var response = await _http.Client(address.Scheme == Uri.UriSchemeHttps).SendAsync(message, cancellation);
        if (response.StatusCode != HttpStatusCode.OK)
            throw new IOException($"{address} answered {(int)response.StatusCode}; expected 200");
        return await ReadAsync(address, await response.Content.ReadAsStreamAsync(cancellation), cancellation);
    }

    private static async Task<string> ReadAsync(Uri address, Stream body, CancellationToken cancellation)
    {
        var text = new MemoryStream();
        var buffer = new byte[16 * 1024];
        while (await body.ReadAsync(buffer, cancellation) is > 0 and var count)
        {
            if (text.Length + count > MaxLength)
                throw new IOException($"{address} answered with more than {MaxLength / 1024} KiB");
            text.Write(buffer, 0, count);
        }

        return Encoding.UTF8.GetString(text.GetBuffer(), 0, (int)text.Length);
    }

    /// <summary>The address of the keys in the metadata of an issuer, which must be its own (OpenID Connect Discovery 1.0, 4.3).</summary>
    private static Uri SetOf(string metadata, string issuer)
    {
        try
        {
            using var document = JsonDocument.Parse(metadata);
            if (document.RootElement is not { ValueKind: JsonValueKind.Object } root || Text(root, "issuer") is not { } named)
                throw new IOException("the metadata of the issuer has no issuer");
            if (named != issuer)
                throw new IOException($"the metadata is that of another issuer, {named}");
            return Uri.TryCreate(Text(root, "jwks_uri"), UriKind.Absolute, out var address) && address.Scheme is "http" or "https"
                ? address
                : throw new IOException("the metadata of the issuer has no jwks_uri");
        }
        catch (JsonException error)
        {
            throw new IOException("the metadata of the issuer is not JSON", error);
        }
    }

    private static string? Text(JsonElement root, string name) =>
        root.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
