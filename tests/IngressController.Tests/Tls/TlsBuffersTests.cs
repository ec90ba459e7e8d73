using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Reflection;
using System.Security.Cryptography.X509Certificates;
using IngressController.Tests.Fakes;
using IngressController.Tls;
using Microsoft.Extensions.Logging;

namespace IngressController.Tests.Tls;

public sealed class TlsBuffersTests
{
    [Fact]
    public async Task Connection_without_a_request_keeps_no_buffer_of_its_handshake()
    {
        await using var pair = await StreamPair.ConnectAsync();
        // Else this version of .NET has another field, and the next assertion says nothing.
        Assert.NotEmpty(BuffersOf(pair.Server));
        var log = new LogLines();

        new TlsBuffers(new LoggerFactory([log]).CreateLogger<TlsBuffers>()).Release(pair.Server);

        Assert.Empty(BuffersOf(pair.Server));
        Assert.Empty(log.All);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(5_000)]
    [InlineData(100_000)]
    public async Task Bytes_pass_in_both_directions_after_a_release(int count)
    {
        await using var pair = await StreamPair.ConnectAsync();
        new TlsBuffers(new LoggerFactory().CreateLogger<TlsBuffers>()).Release(pair.Server);
        var sent = new byte[count];
        new Random(count).NextBytes(sent);

        await SendAsync(pair.Client, pair.Server, sent);
        await SendAsync(pair.Server, pair.Client, sent);
        await SendAsync(pair.Client, pair.Server, sent);
    }

    private static async Task SendAsync(SslStream from, SslStream to, byte[] sent)
    {
        var received = new byte[sent.Length];
        var reading = to.ReadExactlyAsync(received).AsTask();
        await from.WriteAsync(sent);
        await reading.WaitAsync(TimeSpan.FromSeconds(10));
        Assert.Equal(sent, received);
    }

    private static List<byte[]> BuffersOf(SslStream stream)
    {
        var found = new List<byte[]>();
        Collect(typeof(SslStream).GetField("_buffer", BindingFlags.Instance | BindingFlags.NonPublic)!.GetValue(stream), found);
        return found;
    }

    private static void Collect(object? value, List<byte[]> found)
    {
        if (value is byte[] { Length: > 0 } bytes)
            found.Add(bytes);
        if (value?.GetType() is not { IsValueType: true, IsPrimitive: false } type)
            return;
        foreach (var field in type.GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic))
            Collect(field.GetValue(value), found);
    }

    private sealed class StreamPair(SslStream client, SslStream server, X509Certificate2 certificate) : IAsyncDisposable
    {
        public SslStream Client => client;

        public SslStream Server => server;

        public static async Task<StreamPair> ConnectAsync()
        {
            var pki = new Pki();
            var (pem, key) = pki.Leaf(["x.example"]);
            using var withoutStore = X509Certificate2.CreateFromPem(pem, key.ExportPkcs8PrivateKeyPem());
            var certificate = X509CertificateLoader.LoadPkcs12(withoutStore.Export(X509ContentType.Pkcs12), null);
            using var listener = new TcpListener(IPAddress.Loopback, 0);
            listener.Start();
            var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
            await socket.ConnectAsync(listener.LocalEndpoint);
            var client = new SslStream(new NetworkStream(socket, ownsSocket: true), false, (_, _, _, _) => true);
            var server = new SslStream(new NetworkStream(await listener.AcceptSocketAsync(), ownsSocket: true));
            await Task.WhenAll(client.AuthenticateAsClientAsync("x.example"), server.AuthenticateAsServerAsync(certificate));
            return new(client, server, certificate);
        }

        public async ValueTask DisposeAsync()
        {
            await client.DisposeAsync();
            await server.DisposeAsync();
            certificate.Dispose();
        }
    }
}
