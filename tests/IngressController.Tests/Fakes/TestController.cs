using System.Net;
using IngressController.Configuration;
using IngressController.Hosting;
using IngressController.Kubernetes.Serialization;
using IngressController.Kubernetes.Validation;
using IngressController.Pipeline;
using IngressController.Sources;
using IngressController.Sources.Folder;
using k8s;
using k8s.Models;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace IngressController.Tests.Fakes;

/// <summary>The whole controller in process on free ports of 127.0.0.1, fed from a folder of manifests.</summary>
internal sealed class TestController : IAsyncDisposable
{
    private readonly ControllerHost _host;
    private readonly string _folder;
    private readonly bool _hasManualClock;
    private readonly CancellationTokenSource _atOnce = new();
    private Task? _stopping;
    private IKubernetesObject<V1ObjectMeta>[] _delivered = [];

    private TestController(ControllerHost host, string folder, bool hasManualClock)
    {
        _host = host;
        _folder = folder;
        _hasManualClock = hasManualClock;
        Client = NewClient();
    }

    /// <summary>False if all requests are sent by the HTTP client of .NET: the tests run with either (<c>FORWARDING=http-client</c>).</summary>
    public static bool ForwardsDirectly { get; } = Environment.GetEnvironmentVariable("FORWARDING") is not "http-client";

    /// <summary>False if connections are served by the sockets of .NET: the tests run with either (<c>TRANSPORT=sockets</c>).</summary>
    public static bool UsesEventLoops { get; } = Environment.GetEnvironmentVariable("TRANSPORT") is not "sockets";

    public IServiceProvider Services => _host.Services;

    public int HttpPort => _host.HttpPort;

    public int HttpsPort => _host.HttpsPort;

    public int AdminPort => _host.AdminPort;

    /// <summary>A client that connects to the proxy whatever the host of the URL is; it follows no redirects and accepts any certificate.</summary>
    public HttpClient Client { get; }

    /// <summary>The folder it reads.</summary>
    public string Folder => _folder;

    /// <summary>The log of the controller.</summary>
    public required LogLines Log { get; init; }

    public static async Task<TestController> StartAsync(string manifests, Func<IngressOptions, IngressOptions>? configure = null, TimeProvider? time = null, Random? random = null)
    {
        var log = new LogLines();
        var folder = Directory.CreateTempSubdirectory("ingress-test-").FullName;
        await File.WriteAllTextAsync(Path.Combine(folder, "manifests.yaml"), manifests);
        var options = new IngressOptions
        {
            Source = new SourceOptions { Manifests = folder },
            Listener = new ListenerOptions { BindAddress = IPAddress.Loopback, HttpPort = 0, HttpsPort = 0, AdminPort = 0, EventLoops = UsesEventLoops },
            Shutdown = new ShutdownOptions { Delay = TimeSpan.Zero },
            Upstream = new UpstreamOptions { DirectForwarding = ForwardsDirectly },
        };
        var host = ControllerHost.Create(configure?.Invoke(options) ?? options, logging => logging.AddProvider(log), time, random: random);
        await host.StartAsync(CancellationToken.None);
        await host.WaitUntilReadyAsync(CancellationToken.None).WaitAsync(TimeSpan.FromSeconds(20));
        return new TestController(host, folder, time is not null) { Log = log };
    }

    /// <summary>Replaces all manifests; returns when they are live.</summary>
    /// <param name="manifests">The manifests of the first file.</param>
    /// <param name="others">Those of a second file: what does not decode holds up the changes of its own file only.</param>
    /// <param name="delivers">
    /// True to deliver also the objects of the second file that are refused in a folder, as an API server would that does not validate.
    /// </param>
    public async Task ApplyAsync(string manifests, string others = "", bool delivers = false)
    {
        foreach (var (file, text) in new[] { ("manifests", manifests), ("others", others) })
        {
            // Moved into place, so that the folder is never read half written.
            var written = Path.Combine(_folder, $"{file}.new");
            await File.WriteAllTextAsync(written, text);
            File.Move(written, Path.Combine(_folder, $"{file}.yaml"), overwrite: true);
        }

        ((FolderClusterSource)Services.GetRequiredService<IClusterSource>()).ReadAll();
        var live = Services.GetRequiredService<LiveRevision>();
        var store = Services.GetRequiredService<ClusterStore>();
        Array.ForEach(_delivered, store.Remove);
        _delivered = delivers ? [.. RefusedObjects(others)] : [];
        Array.ForEach(_delivered, store.Add);
        while (true)
        {
            var next = live.Next;
            if (ReferenceEquals(live.Current.Translation.Snapshot, store.Snapshot))
                return;
            await next.WaitAsync(TimeSpan.FromSeconds(20));
        }
    }

    private static IEnumerable<IKubernetesObject<V1ObjectMeta>> RefusedObjects(string manifests) =>
        from document in KubernetesYaml.ReadAll(new StringReader(manifests))
        let kind = ManifestKind.Find((string?)document.Root?["kind"] ?? "")
        where kind is not null && ModelCheck.Of(document.Root, kind.Model).Problems.Count == 0
        let resource = kind.Decode(document.Root!)
        where ApiRules.Check(resource).Count > 0
        select resource;

    /// <summary>Waits until the live configuration is as wanted.</summary>
    public async Task UntilAsync(Func<Routing.Translation.Translation, bool> isWanted)
    {
        var live = Services.GetRequiredService<LiveRevision>();
        while (true)
        {
            var next = live.Next;
            if (isWanted(live.Current.Translation))
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

    /// <summary>Tells it to end, as SIGTERM does; completes when it has.</summary>
    public Task StopAsync() => _stopping ??= _host.StopAsync(_atOnce.Token);

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        // Nobody moves the clock of a test any more.
        if (_stopping is not null || _hasManualClock)
            await _atOnce.CancelAsync();
        await StopAsync();
        await _host.DisposeAsync();
        _atOnce.Dispose();
        Directory.Delete(_folder, recursive: true);
    }
}
