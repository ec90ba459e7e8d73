using System.Collections.Immutable;
using System.Net;
using IngressController.Kubernetes.Configuration;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace IngressController.Tests.Fakes;

/// <summary>
/// An API server in this process: objects of any kind, lists with pages, watches with a history, bookmarks and watch-lists, and faults on
/// demand. It listens on a free port of 127.0.0.1 and keeps the port over a restart.
/// </summary>
public sealed partial class FakeApiServer : IAsyncDisposable
{
    private readonly Lock _lock = new();
    private WebApplication? _app;
    private CancellationTokenSource _connections = new();
    private int _port;

    private FakeApiServer(bool https)
    {
        if (https)
        {
            Authority = FakeApiServerAuthority.Create("fake cluster CA");
            ServerCertificate = Authority.Issue("127.0.0.1");
        }
    }

    /// <summary>Signs <see cref="ServerCertificate"/>; null over plain HTTP.</summary>
    public FakeApiServerAuthority? Authority { get; set; }

    /// <summary>The certificate for new connections; may be replaced at any time.</summary>
    public System.Security.Cryptography.X509Certificates.X509Certificate2? ServerCertificate { get; set; }

    /// <summary>The protocols offered by ALPN; HTTP/1.1 alone tests the fallback.</summary>
    public HttpProtocols Protocols { get; init; } = HttpProtocols.Http1AndHttp2;

    public Uri Address => new($"{(ServerCertificate is null ? "http" : "https")}://127.0.0.1:{_port}");

    /// <summary>The configuration that reaches this server.</summary>
    public ApiServerConfiguration Configuration => new()
    {
        Host = Address,
        CertificateAuthority = Authority is null ? null : new PemSource.Inline(Authority.Pem),
    };

    public static Task<FakeApiServer> CreateAsync(bool https = false) => CreateAsync(https, HttpProtocols.Http1AndHttp2);

    public static async Task<FakeApiServer> CreateAsync(bool https, HttpProtocols protocols)
    {
        var server = new FakeApiServer(https) { Protocols = protocols };
        await server.StartAsync();
        return server;
    }

    /// <summary>Starts or restarts the server, on the same port with the same objects.</summary>
    public async Task StartAsync()
    {
        _connections = new CancellationTokenSource();
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.Services.Configure<HostOptions>(options => options.ShutdownTimeout = TimeSpan.FromMilliseconds(100));
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, _port, listen =>
        {
            listen.Protocols = ServerCertificate is null ? HttpProtocols.Http1 : Protocols;
            if (ServerCertificate is not null)
            {
                listen.UseHttps(https =>
                {
                    https.ServerCertificateSelector = (_, name) =>
                    {
                        lock (_lock)
                            RequestedServerNames = RequestedServerNames.Add(name ?? "");
                        return ServerCertificate;
                    };
                    https.ClientCertificateMode = Microsoft.AspNetCore.Server.Kestrel.Https.ClientCertificateMode.AllowCertificate;
                    https.AllowAnyClientCertificate();
                });
            }
        }));
        _app = builder.Build();
        _app.Run(HandleAsync);
        await _app.StartAsync();
        _port = new Uri(_app.Urls.Single()).Port;
    }

    /// <summary>Stops the server and closes all connections; the objects stay.</summary>
    public async Task StopAsync()
    {
        if (_app is not { } app)
            return;
        _app = null;
        await _connections.CancelAsync();
        await app.StopAsync();
        await app.DisposeAsync();
    }

    public async ValueTask DisposeAsync() => await StopAsync();

    /// <summary>The SNI names of clients, in order; empty for a client without one.</summary>
    public ImmutableList<string> RequestedServerNames { get; private set; } = [];

    /// <summary>Writes a kubeconfig with one context that reaches this server.</summary>
    public void WriteKubeconfig(string path, string? token = null)
    {
        var authority = Authority is null ? "" : $", certificate-authority-data: {Convert.ToBase64String(Authority.Pem)}";
        File.WriteAllText(path, $$$"""
            apiVersion: v1
            kind: Config
            current-context: fake
            contexts: [{name: fake, context: {cluster: fake, user: fake}}]
            clusters: [{name: fake, cluster: {server: "{{{Address}}}"{{{authority}}}}}]
            users: [{name: fake, user: {token: "{{{token ?? "fake-token"}}}"}}]
            """);
    }

    private async Task HandleAsync(HttpContext context)
    {
        using var cut = _connections.Token.Register(context.Abort);
        var request = FakeApiRequest.From(context);
        lock (_lock)
            Requests = Requests.Add(request);
        Changed();
        try
        {
            if (TakeFault(request) is { } fault)
                await fault(context);
            else
                await RespondAsync(context, request);
        }
        catch (Exception error) when (error is OperationCanceledException or IOException)
        {
            context.Abort(); // the client is gone, or the server is stopping
        }
        finally
        {
            request.StatusCode = context.Response.StatusCode;
            Changed();
        }
    }
}

/// <summary>A request in the log of the fake.</summary>
public sealed record FakeApiRequest(string Method, string Path, IReadOnlyDictionary<string, string> Query, IReadOnlyDictionary<string, string> Headers)
{
    /// <summary>The status code; zero until the response has ended.</summary>
    public int StatusCode { get; set; }

    public string Protocol { get; init; } = "";

    /// <summary>The subject of the client's certificate; null without one.</summary>
    public string? ClientCertificate { get; init; }

    /// <summary>The plural name, such as <c>ingresses</c>.</summary>
    public string Resource => Target.Plural;

    /// <summary>The name of the requested object; null for collections.</summary>
    public string? Name => Target.Name;

    /// <summary>True if the client prefers the metadata of objects to whole objects.</summary>
    public bool IsMetadataOnly => Headers.GetValueOrDefault("Accept")?.StartsWith("application/json;as=PartialObjectMetadata", StringComparison.Ordinal) == true;

    public bool IsWatch => Query.ContainsKey("watch");

    public bool IsWatchList => IsWatch && Query.ContainsKey("sendInitialEvents");

    public bool IsGet => !IsWatch && Name is not null;

    public bool IsList => !IsWatch && Name is null && (Path.StartsWith("/api/", StringComparison.Ordinal) || Path.StartsWith("/apis/", StringComparison.Ordinal));

    /// <summary>The version in the query; null if there is none.</summary>
    public string? ResourceVersion => Query.GetValueOrDefault("resourceVersion");

    public string? Token => Headers.GetValueOrDefault("Authorization")?.Replace("Bearer ", "");

    /// <summary>
    /// The parts of <c>/api/v1/[namespaces/NS/]PLURAL[/NAME[/status]]</c> or <c>/apis/GROUP/VERSION/[namespaces/NS/]PLURAL[/NAME]</c>.
    /// </summary>
    internal (string Group, string? Namespace, string Plural, string? Name) Target
    {
        get
        {
            var (group, rest) = Path.Split('/', StringSplitOptions.RemoveEmptyEntries) switch
            {
                ["api", _, .. var tail] => ("", tail),
                ["apis", var name, _, .. var tail] => (name, tail),
                var other => ("", other),
            };
            return rest switch
            {
                ["namespaces", var ns, var plural] => (group, ns, plural, null),
                ["namespaces", var ns, var plural, var name] => (group, ns, plural, name),
                ["namespaces", var ns, var plural, var name, "status"] => (group, ns, plural, name),
                [var plural, var name] => (group, null, plural, name),
                [var plural] => (group, null, plural, null),
                _ => (group, null, "", null),
            };
        }
    }

    internal static FakeApiRequest From(HttpContext context) => new(
        context.Request.Method,
        context.Request.Path.Value ?? "",
        context.Request.Query.ToDictionary(pair => pair.Key, pair => pair.Value.ToString()),
        context.Request.Headers.ToDictionary(pair => pair.Key, pair => pair.Value.ToString(), StringComparer.OrdinalIgnoreCase))
    {
        Protocol = context.Request.Protocol,
        ClientCertificate = context.Connection.ClientCertificate?.Subject,
    };
}
