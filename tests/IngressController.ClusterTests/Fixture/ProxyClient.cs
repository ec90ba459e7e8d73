using System.Net;
using System.Net.Sockets;

namespace IngressController.ClusterTests.Fixture;

/// <summary>A client that connects to the proxy for any host in the URL.</summary>
internal sealed class ProxyClient(Func<int> httpPort, Func<int> httpsPort) : IDisposable
{
    private readonly HttpClient _client = New(httpPort, httpsPort);

    /// <param name="url">The URL; its host is one of the cluster, not of DNS.</param>
    /// <param name="version">The required version of HTTP; null for HTTP/1.1.</param>
    public async Task<string> AnswerAsync(string url, Version? version = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, url) { Version = version ?? HttpVersion.Version11, VersionPolicy = HttpVersionPolicy.RequestVersionExact };
        using var answer = await _client.SendAsync(request);
        return answer.IsSuccessStatusCode ? $"{(int)answer.StatusCode} {await answer.Content.ReadAsStringAsync()}" : $"{(int)answer.StatusCode}";
    }

    public async Task UntilAnswerAsync(string url, string answer, Func<string>? details = null)
    {
        var last = "";
        await Wait.UntilAsync(async () => (last = await AnswerAsync(url)) == answer, $"{url} answers {answer}", () => $"it answers {last}\n{details?.Invoke()}");
    }

    /// <summary>Returns the serial number of the certificate for a host.</summary>
    public async Task<string> CertificateAsync(string host)
    {
        using var socket = new TcpClient();
        await socket.ConnectAsync(IPAddress.Loopback, httpsPort());
        await using var tls = new System.Net.Security.SslStream(socket.GetStream(), false, (_, _, _, _) => true);
        await tls.AuthenticateAsClientAsync(host);
        return tls.RemoteCertificate!.GetSerialNumberString();
    }

    public void Dispose() => _client.Dispose();

    private static HttpClient New(Func<int> httpPort, Func<int> httpsPort) => new(new SocketsHttpHandler
    {
        AllowAutoRedirect = false,
        UseProxy = false,
        ConnectCallback = async (context, cancellation) =>
        {
            var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            await socket.ConnectAsync(IPAddress.Loopback, context.InitialRequestMessage.RequestUri!.Scheme == "https" ? httpsPort() : httpPort(), cancellation);
            return new NetworkStream(socket, ownsSocket: true);
        },
        SslOptions = new() { RemoteCertificateValidationCallback = static (_, _, _, _) => true },
    });
}
