using System.Net;
using System.Net.Http.Headers;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using IngressController.Kubernetes.Configuration;
using IngressController.Kubernetes.Resources;
using IngressController.Kubernetes.Serialization;
using IngressController.Kubernetes.Transport;
using k8s;
using k8s.Exceptions;
using k8s.Models;

namespace IngressController.Kubernetes.Client;

/// <summary>
/// A connection to one API server: the package's client over hardened connections (README.md), and the streams that the package lacks.
/// Safe for concurrent use; all calls share few TCP connections.
/// </summary>
public sealed class ApiServerConnection : IDisposable
{
    private readonly ApiServerConfiguration _configuration;
    private readonly TimeProvider _time;
    private readonly CredentialStore _credentials;
    private readonly TransportPool _transports;
    private readonly HttpMessageInvoker _streams;
    private readonly KubernetesClientConfiguration _packageConfiguration;
    private readonly k8s.Kubernetes _kubernetes;
    private readonly string _base;

    /// <param name="onNotice">Receives notices of unreadable files, rejected credentials and the like, from any thread.</param>
    /// <exception cref="KubeConfigException">A CA or client certificate cannot be read or used.</exception>
    public ApiServerConnection(ApiServerConfiguration configuration, TimeProvider time, Action<ClientNotice>? onNotice = null)
    {
        onNotice ??= static _ => { };
        _configuration = configuration;
        _time = time;
        _base = configuration.Host.AbsoluteUri.TrimEnd('/');
        _credentials = new CredentialStore(configuration, time, onNotice);
        _transports = new TransportPool(configuration, time, onNotice);
        _streams = new HttpMessageInvoker(new ErrorResponseHandler(time) { InnerHandler = Transport() });
        _packageConfiguration = PackageConfiguration(configuration);
        _kubernetes = Create();
        foreach (var warning in configuration.Warnings)
            onNotice(new ClientNotice.ConfigurationWarning(warning));
    }

    /// <summary>The URL of the API server.</summary>
    public Uri Host => _configuration.Host;

    /// <summary>
    /// The package's typed operations, each bounded by <see cref="ClientTimeouts.Unary"/>. An error response is an
    /// <see cref="ApiServerException"/>, which derives from the package's HttpOperationException; no response in time is a
    /// <see cref="TimeoutException"/>. The package puts names into paths unchanged: pass names that the API server has not validated
    /// through <see cref="ObjectCalls.PathSegment"/>.
    /// </summary>
    public IKubernetes Kubernetes => _kubernetes;

    /// <summary>Returns the same operations, over the same connections, for writes whose permission may end at any time.</summary>
    /// <param name="beforeWrite">
    /// Called twice for each write: first of all, and again when a connection is ready and the body is about to be sent, which may be
    /// much later. An exception ends the write; a server that has received the headers by then gets no body to act on.
    /// </param>
    public IKubernetes GuardedBy(Action beforeWrite) => Create(new WriteGuard(beforeWrite));

    /// <summary>
    /// Lists a resource page by page; a page is decoded while it arrives. An object that does not decode is listed as undecodable and does
    /// not affect the others.
    /// </summary>
    /// <exception cref="ApiServerException">
    /// The server answered with an error; <see cref="ApiServerException.IsExpired"/> after the first page means that the continue token is
    /// too old.
    /// </exception>
    /// <exception cref="HttpRequestException">The server cannot be reached, or its certificate is not trusted.</exception>
    /// <exception cref="TimeoutException">Nothing arrived for <see cref="ClientTimeouts.ListProgress"/>.</exception>
    /// <exception cref="JsonException">The response is not a list.</exception>
    public async IAsyncEnumerable<ListPage<T>> ListAsync<T>(
        ResourceType<T> resource, ListRequest request, [EnumeratorCancellation] CancellationToken cancellation = default)
        where T : class, IKubernetesObject<V1ObjectMeta>
    {
        string? token = null;
        do
        {
            var page = await ListPageAsync(resource, request.PathAndQuery(resource, token), cancellation).ConfigureAwait(false);
            token = string.IsNullOrEmpty(page.Continue) ? null : page.Continue;
            yield return page;
        }
        while (token is not null);
    }

    /// <summary>
    /// Opens a watch. Returns as soon as the server has accepted it, with or without events. It has no timeout of its own: cancel the
    /// token to end it.
    /// </summary>
    /// <exception cref="ApiServerException">The server answered with an error.</exception>
    /// <exception cref="HttpRequestException">The server cannot be reached, or its certificate is not trusted.</exception>
    public async Task<WatchStream<T>> WatchAsync<T>(ResourceType<T> resource, WatchRequest request, CancellationToken cancellation)
        where T : class, IKubernetesObject<V1ObjectMeta>
    {
        var path = request.PathAndQuery(resource);
        // Never compressed: compression delays events.
        using var message = Get(path, resource.WatchMediaType);
        var response = await _streams.SendAsync(message, cancellation).ConfigureAwait(false);
        try
        {
            return new WatchStream<T>(response, await response.Content.ReadAsStreamAsync(cancellation).ConfigureAwait(false), resource, path);
        }
        catch
        {
            response.Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        _kubernetes.Dispose();
        _streams.Dispose();
        _transports.Dispose();
        _credentials.Dispose();
    }

    /// <summary>Creates the package's client. The last handler of the chain replaces the package's own, which is too weak in TLS.</summary>
    private k8s.Kubernetes Create(params DelegatingHandler[] guards) =>
        new(_packageConfiguration, [new CallDeadline(_configuration.Timeouts.Unary, _time), .. guards, new ErrorResponseHandler(_time), Transport()]);

    /// <summary>Returns the configuration that all clients share, and with it the metadata of each model.</summary>
    private static KubernetesClientConfiguration PackageConfiguration(ApiServerConfiguration configuration)
    {
        var package = new KubernetesClientConfiguration
        {
            Host = configuration.Host.AbsoluteUri,
            UserAgent = configuration.UserAgent,
            HttpClientTimeout = Timeout.InfiniteTimeSpan, // CallDeadline bounds the calls
        };
        package.AddJsonOptions(static options =>
        {
            options.TypeInfoResolverChain.Insert(0, ApiJson.Resolver);
            // For an invalid time the package's own converter throws an exception without a path that is not a JsonException.
            options.Converters.Insert(0, JsonMetadataServices.DateTimeConverter);
        });
        return package;
    }

    private AuthenticatedTransport Transport() => new(_configuration, _credentials, _transports);

    private HttpRequestMessage Get(string path, string mediaTypes)
    {
        var message = new HttpRequestMessage(HttpMethod.Get, _base + path) { Version = HttpVersion.Version20 };
        message.Headers.TryAddWithoutValidation("Accept", mediaTypes);
        message.Headers.TryAddWithoutValidation("User-Agent", _configuration.UserAgent);
        return message;
    }

    private async Task<ListPage<T>> ListPageAsync<T>(ResourceType<T> resource, string path, CancellationToken cancellation)
        where T : class, IKubernetesObject<V1ObjectMeta>
    {
        using var progress = new Deadline(_configuration.Timeouts.ListProgress, _time, cancellation);
        try
        {
            using var message = Get(path, resource.ListMediaType);
            if (!_configuration.DisableCompression)
                message.Headers.AcceptEncoding.Add(new StringWithQualityHeaderValue("gzip"));
            using var response = await _streams.SendAsync(message, progress.Token).ConfigureAwait(false);
            await using var body = await ResponseBody.OpenAsync(response, progress.Token).ConfigureAwait(false);
            return await new ListDecoder<T>(resource).ReadAsync(body, progress.Extend, progress.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException error) when (progress.HasPassed)
        {
            throw new TimeoutException(
                $"GET {path}: nothing arrived for {_configuration.Timeouts.ListProgress.TotalSeconds:0.#} s", error);
        }
    }
}
