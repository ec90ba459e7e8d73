using System.Collections.Concurrent;
using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using IngressController.Tests.Fakes;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
using Microsoft.AspNetCore.Server.Kestrel.Https;

namespace IngressController.Tests.Features.BackendTls;

/// <summary>A backend above TLS that may require client certificates, and tells what it has seen of each connection.</summary>
internal sealed class TlsBackend : IAsyncDisposable
{
    private readonly ConcurrentBag<TlsBackendView> _seen = [];
    private KestrelBackend? _backend;

    public int Port => _backend!.Port;

    /// <summary>What it saw of every request.</summary>
    public IReadOnlyCollection<TlsBackendView> Seen => _seen;

    /// <param name="pki">The authority of its certificate.</param>
    /// <param name="names">The names of its certificate.</param>
    /// <param name="clients">The authority of the clients that it requires certificates of; null for none.</param>
    /// <param name="protocols">The versions of HTTP.</param>
    /// <param name="versions">The versions of TLS.</param>
    /// <param name="ended">How long ago its certificate has expired; null if it has not.</param>
    public static async Task<TlsBackend> StartAsync(
        Pki pki, string[] names, Pki? clients = null, HttpProtocols protocols = HttpProtocols.Http1AndHttp2, SslProtocols versions = SslProtocols.None,
        TimeSpan? ended = null, RequestDelegate? answer = null)
    {
        var (certificate, key) = pki.Leaf(names, ended: ended);
        var chain = new X509Certificate2Collection();
        if (pki.IntermediatePem.Length > 0)
            chain.ImportFromPem(pki.IntermediatePem);
        var leaf = X509Certificate2.CreateFromPem(certificate, key.ExportPkcs8PrivateKeyPem());
        var backend = new TlsBackend();
        backend._backend = await KestrelBackend.StartAsync(answer ?? backend.AnswerAsync, protocols, tls: options =>
        {
            options.ServerCertificate = leaf;
            options.ServerCertificateChain = chain;
            options.SslProtocols = versions;
            if (clients is null)
                return;
            options.ClientCertificateMode = ClientCertificateMode.RequireCertificate;
            options.ClientCertificateValidation = (client, _, _) => IsIssuedBy(client, clients);
        });
        return backend;
    }

    private Task AnswerAsync(HttpContext context)
    {
        var handshake = context.Features.GetRequiredFeature<ITlsHandshakeFeature>();
        var view = new TlsBackendView(
            context.Connection.ClientCertificate?.GetNameInfo(X509NameType.SimpleName, false) ?? "none", context.Features.GetRequiredFeature<ISslStreamFeature>().SslStream.TargetHostName, handshake.Protocol,
            handshake.NegotiatedCipherSuite, context.Connection.Id, context.Request.Protocol);
        _seen.Add(view);
        return context.Response.WriteAsJsonAsync(view);
    }

    /// <summary>Verified by itself, so that the roots of the machine do not matter.</summary>
    private static bool IsIssuedBy(X509Certificate2 certificate, Pki pki)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.Add(pki.Root);
        if (pki.IntermediatePem.Length > 0)
            chain.ChainPolicy.ExtraStore.ImportFromPem(pki.IntermediatePem);
        return chain.Build(certificate);
    }

    public ValueTask DisposeAsync() => _backend!.DisposeAsync();
}

/// <summary>What a backend saw of a request.</summary>
/// <param name="Client">The name of the client certificate, or none.</param>
/// <param name="ServerName">The name that was sent (SNI); empty for none.</param>
/// <param name="Version">The version of TLS.</param>
/// <param name="Cipher">The cipher.</param>
/// <param name="Connection">The connection.</param>
/// <param name="Protocol">The version of HTTP.</param>
internal sealed record TlsBackendView(string Client, string ServerName, SslProtocols Version, TlsCipherSuite? Cipher, string Connection, string Protocol);

/// <summary>Manifests with certificates.</summary>
internal static class TlsManifests
{
    /// <summary>A Secret with a client certificate, an authority, or both.</summary>
    public static string Secret(string name, Pki? client = null, string clientName = "proxy", Pki? authority = null)
    {
        var data = new List<string>();
        if (client is not null)
        {
            var (certificate, key) = client.Leaf([clientName]);
            data.Add($"tls.crt: {Base64($"{certificate}\n{client.IntermediatePem}")}");
            data.Add($"tls.key: {Base64(key.ExportPkcs8PrivateKeyPem())}");
        }

        if (authority is not null)
            data.Add($"ca.crt: {Base64(authority.Root.ExportCertificatePem())}");
        return $$"""
            ---
            apiVersion: v1
            kind: Secret
            type: Opaque
            metadata: {name: {{name}} }
            data: { {{string.Join(", ", data)}} }

            """;
    }

    public static string ConfigMap(string name, Pki authority) => $$"""
        ---
        apiVersion: v1
        kind: ConfigMap
        metadata: {name: {{name}} }
        data: {ca.crt: {{System.Text.Json.JsonSerializer.Serialize(authority.Root.ExportCertificatePem())}} }

        """;

    /// <summary>The same objects in another namespace.</summary>
    public static string InNamespace(this string manifests, string name) => manifests.Replace("metadata: {", $"metadata: {{namespace: {name}, ", StringComparison.Ordinal)
        .Replace("metadata:\n  name:", $"metadata:\n  namespace: {name}\n  name:", StringComparison.Ordinal);

    private static string Base64(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));
}
