using System.Net;
using IngressController.Configuration;
using IngressController.Hosting;
using IngressController.Reconciliation;
using IngressController.Sources;
using IngressController.Sources.Folder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace IngressController.Tests.Fakes;

/// <summary>The whole controller in process on free ports of 127.0.0.1, fed from a folder of manifests.</summary>
internal sealed class TestController : IAsyncDisposable
{
    private readonly ControllerHost _host;
    private readonly string _folder;

    private TestController(ControllerHost host, string folder)
    {
        _host = host;
        _folder = folder;
        Client = NewClient();
    }

    public IServiceProvider Services => _host.Services;

    public int HttpPort => _host.HttpPort;

    public int HttpsPort => _host.HttpsPort;

    public int AdminPort => _host.AdminPort;

    /// <summary>A client that connects to the proxy whatever the host of the URL is; it follows no redirects and accepts any certificate.</summary>
    public HttpClient Client { get; }

    /// <summary>The folder it reads.</summary>
    public string Folder => _folder;

    /// <summary>What it logged.</summary>
    public required LogLines Log { get; init; }

    public static async Task<TestController> StartAsync(string manifests, Func<IngressOptions, IngressOptions>? configure = null)
    {
        var log = new LogLines();
        var folder = Directory.CreateTempSubdirectory("ingress-test-").FullName;
        await File.WriteAllTextAsync(Path.Combine(folder, "manifests.yaml"), manifests);
        var options = new IngressOptions
        {
            Source = new SourceOptions { Manifests = folder },
            Listener = new ListenerOptions { BindAddress = IPAddress.Loopback, HttpPort = 0, HttpsPort = 0, AdminPort = 0 },
        };
        var host = ControllerHost.Create(configure?.Invoke(options) ?? options, logging => logging.AddProvider(log));
        await host.StartAsync(CancellationToken.None);
        await host.WaitUntilReadyAsync(CancellationToken.None).WaitAsync(TimeSpan.FromSeconds(20));
        return new TestController(host, folder) { Log = log };
    }

    /// <summary>Replaces all manifests; returns when they are live.</summary>
    /// <param name="manifests">The manifests of the first file.</param>
    /// <param name="others">Those of a second file: what does not decode holds up the changes of its own file only.</param>
    public async Task ApplyAsync(string manifests, string others = "")
    {
        foreach (var (file, text) in new[] { ("manifests", manifests), ("others", others) })
        {
            // Moved into place, so that the folder is never read half written.
            var written = Path.Combine(_folder, $"{file}.new");
            await File.WriteAllTextAsync(written, text);
            File.Move(written, Path.Combine(_folder, $"{file}.yaml"), overwrite: true);
        }

        ((FolderClusterSource)Services.GetRequiredService<IClusterSource>()).ReadAll();
        var loop = Services.GetRequiredService<ReconcileLoop>();
        var store = Services.GetRequiredService<ClusterStore>();
        while (true)
        {
            var next = loop.NextRevision;
            if (ReferenceEquals(loop.Live.Snapshot, store.Snapshot))
                return;
            await next.WaitAsync(TimeSpan.FromSeconds(20));
        }
    }

    /// <summary>Waits until the live configuration is as wanted.</summary>
    public async Task UntilAsync(Func<Routing.Translation.Translation, bool> isWanted)
    {
        var loop = Services.GetRequiredService<ReconcileLoop>();
        while (true)
        {
            var next = loop.NextRevision;
            if (isWanted(loop.Live))
                return;
            await next.WaitAsync(TimeSpan.FromSeconds(20));
        }
    }

    /// <summary>A client with connections of its own.</summary>
    public HttpClient NewClient() => new(new SocketsHttpHandler
    {
        AllowAutoRedirect = false,
        UseProxy = false,
        ConnectCallback = async (context, cancellation) =>
        {
            var socket = new System.Net.Sockets.Socket(System.Net.Sockets.SocketType.Stream, System.Net.Sockets.ProtocolType.Tcp) { NoDelay = true };
            await socket.ConnectAsync(IPAddress.Loopback, context.InitialRequestMessage.RequestUri!.Scheme is "https" or "wss" ? HttpsPort : HttpPort, cancellation);
            return new System.Net.Sockets.NetworkStream(socket, ownsSocket: true);
        },
        SslOptions = new() { RemoteCertificateValidationCallback = (_, _, _, _) => true },
    });

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await _host.StopAsync(CancellationToken.None);
        await _host.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }
}
