using System.Net;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using IngressController.Kubernetes.Models;

namespace IngressController.Kubernetes.Client;

/// <summary>
/// Talks to one API server. Safe for concurrent use; one instance serves all resources over few connections.
/// </summary>
public sealed partial class KubernetesClient : IDisposable
{
    private readonly KubernetesClientConfiguration _configuration;
    private readonly TimeProvider _time;
    private readonly CredentialStore _credentials;
    private readonly TransportStore _transports;
    private readonly string _base;
    private readonly Action? _beforeWrite;
    private readonly bool _isView;

    /// <param name="onNotice">Told about files that cannot be read, refused credentials and the like; may be called from any thread.</param>
    /// <exception cref="KubeConfigException">A CA or client certificate cannot be read or used.</exception>
    public KubernetesClient(KubernetesClientConfiguration configuration, TimeProvider time, Action<ClientNotice>? onNotice = null)
    {
        onNotice ??= static _ => { };
        _configuration = configuration;
        _time = time;
        _base = configuration.Host.AbsoluteUri.TrimEnd('/');
        _credentials = new CredentialStore(configuration, time, onNotice);
        _transports = new TransportStore(configuration, time, onNotice);
        foreach (var warning in configuration.Warnings)
            onNotice(new ClientNotice.ConfigurationWarning(warning));
    }

    private KubernetesClient(KubernetesClient whole, Action beforeWrite)
    {
        _isView = true;
        (_configuration, _time, _credentials, _transports, _base) = (whole._configuration, whole._time, whole._credentials, whole._transports, whole._base);
        _beforeWrite = beforeWrite;
    }

    /// <summary>The API server.</summary>
    public Uri Host => _configuration.Host;

    /// <summary>The version of the server (<c>/version</c>).</summary>
    /// <exception cref="KubernetesException">The server refused.</exception>
    /// <exception cref="HttpRequestException">The server cannot be reached, or its certificate is not trusted.</exception>
    /// <exception cref="TimeoutException">No answer within <see cref="ClientTimeouts.Unary"/>.</exception>
    public Task<VersionInfo> GetServerVersionAsync(CancellationToken cancellation) =>
        CallAsync(new ApiRequest(HttpMethod.Get, "/version"), KubernetesJsonContext.Default.VersionInfo, cancellation);

    /// <summary>This client, over the same connections, for writes that need a permission which may end at any time.</summary>
    /// <param name="beforeWrite">
    /// Asked with each write twice: before anything else, and when a connection is there and the body is about to go out, which may be
    /// much later. What it throws ends the write; a server that has got the headers by then gets no body it could act on.
    /// </param>
    public KubernetesClient GuardedBy(Action beforeWrite) => new(this, beforeWrite);

    /// <summary>Gets one object; null when there is none of that name.</summary>
    /// <param name="resource">Its kind.</param>
    /// <param name="namespace">Its namespace; null for cluster-scoped objects.</param>
    /// <param name="name">Its name.</param>
    /// <param name="cancellation">Ends the call.</param>
    /// <exception cref="KubernetesException">The server refused.</exception>
    /// <exception cref="HttpRequestException">The server cannot be reached, or its certificate is not trusted.</exception>
    /// <exception cref="TimeoutException">No answer within <see cref="ClientTimeouts.Unary"/>.</exception>
    /// <exception cref="JsonException">The answer does not decode.</exception>
    public async Task<T?> GetAsync<T>(ResourceType<T> resource, string? @namespace, string name, CancellationToken cancellation)
        where T : class, IKubernetesObject
    {
        try
        {
            var request = new ApiRequest(HttpMethod.Get, resource.ObjectPath(@namespace, name));
            var item = await CallAsync(request, resource.TypeInfo, cancellation).ConfigureAwait(false);
            return item.Metadata?.Name == name ? item : throw new JsonException($"the answer is not {resource} {name}");
        }
        catch (KubernetesException error) when (error.IsNotFound)
        {
            return null;
        }
    }

    /// <summary>
    /// Lists a resource page by page; a page is decoded while it arrives. An object that does not decode is listed as undecodable
    /// and harms no other.
    /// </summary>
    /// <exception cref="KubernetesException">
    /// The server refused; <see cref="KubernetesException.IsExpired"/> after the first page means that the continue token is too old.
    /// </exception>
    /// <exception cref="HttpRequestException">The server cannot be reached, or its certificate is not trusted.</exception>
    /// <exception cref="TimeoutException">Nothing arrived for <see cref="ClientTimeouts.ListProgress"/>.</exception>
    /// <exception cref="JsonException">The answer is no list.</exception>
    public async IAsyncEnumerable<ListPage<T>> ListAsync<T>(
        ResourceType<T> resource, ListRequest request, [EnumeratorCancellation] CancellationToken cancellation = default)
        where T : class, IKubernetesObject
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
    /// Opens a watch; returns as soon as the server has accepted it, whether or not there are events. It has no time-out of its own:
    /// cancel the token to end it.
    /// </summary>
    /// <exception cref="KubernetesException">The server refused.</exception>
    /// <exception cref="HttpRequestException">The server cannot be reached, or its certificate is not trusted.</exception>
    public async Task<WatchStream<T>> WatchAsync<T>(ResourceType<T> resource, WatchRequest request, CancellationToken cancellation)
        where T : class, IKubernetesObject
    {
        var path = request.PathAndQuery(resource);
        var response = await SendAsync(new ApiRequest(HttpMethod.Get, path) { Accept = resource.WatchMediaType }, cancellation).ConfigureAwait(false);
        try
        {
            var body = await response.OpenAsync(cancellation).ConfigureAwait(false);
            return new WatchStream<T>(response, body, resource, path);
        }
        catch
        {
            response.Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        if (_isView)
            return;
        _transports.Dispose();
        _credentials.Dispose();
    }

    /// <summary>A small call, bounded in time as a whole.</summary>
    private async Task<T> CallAsync<T>(ApiRequest request, JsonTypeInfo<T> typeInfo, CancellationToken cancellation)
        where T : class
    {
        using var deadline = new Deadline(_configuration.Timeouts.Unary, _time, cancellation);
        try
        {
            using var response = await SendAsync(request, deadline.Token).ConfigureAwait(false);
            await using var body = await response.OpenAsync(deadline.Token).ConfigureAwait(false);
            return await JsonSerializer.DeserializeAsync(body, typeInfo, deadline.Token).ConfigureAwait(false)
                ?? throw new JsonException($"{request.PathAndQuery} answered null");
        }
        catch (OperationCanceledException error) when (deadline.HasPassed)
        {
            throw new TimeoutException($"{request.Action}: no answer within {_configuration.Timeouts.Unary.TotalSeconds:0.#} s", error);
        }
    }

    private async Task<ListPage<T>> ListPageAsync<T>(ResourceType<T> resource, string path, CancellationToken cancellation)
        where T : class, IKubernetesObject
    {
        using var progress = new Deadline(_configuration.Timeouts.ListProgress, _time, cancellation);
        try
        {
            var request = new ApiRequest(HttpMethod.Get, path) { Accept = resource.ListMediaType, AcceptsGzip = !_configuration.DisableCompression };
            using var response = await SendAsync(request, progress.Token).ConfigureAwait(false);
            await using var body = await response.OpenAsync(progress.Token).ConfigureAwait(false);
            return await new ListDecoder<T>(resource).ReadAsync(body, progress.Extend, progress.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException error) when (progress.HasPassed)
        {
            throw new TimeoutException(
                $"GET {path}: nothing arrived for {_configuration.Timeouts.ListProgress.TotalSeconds:0.#} s", error);
        }
    }

    /// <summary>Sends with the current credential; a 401 renews the credential and tries once more.</summary>
    private async Task<ApiResponse> SendAsync(ApiRequest request, CancellationToken cancellation)
    {
        for (var isRetry = false; ; isRetry = true)
        {
            var credential = await _credentials.GetAsync(cancellation).ConfigureAwait(false);
            var response = await SendOnceAsync(request, credential, cancellation).ConfigureAwait(false);
            if (response.IsSuccess)
                return response;

            using (response)
            {
                var mayRetry = response.StatusCode == HttpStatusCode.Unauthorized && _credentials.Invalidate(credential) && !isRetry;
                if (!mayRetry)
                    throw await response.ToExceptionAsync(request.Action, _time, cancellation).ConfigureAwait(false);
            }
        }
    }

    private async Task<ApiResponse> SendOnceAsync(ApiRequest request, Credential credential, CancellationToken cancellation)
    {
        var lease = _transports.Rent(credential.Exec);
        try
        {
            request.BeforeBody?.Invoke();
            using var message = request.ToMessage(_base, _configuration, credential);
            return new ApiResponse(await lease.SendAsync(message, cancellation).ConfigureAwait(false), lease);
        }
        catch (Exception error)
        {
            lease.Dispose();
            if (error is HttpRequestException { HttpRequestError: HttpRequestError.SecureConnectionError })
                _transports.Recheck();
            // The handler calls that cancelled, too, and who did not cancel anything would take it for the end of his work.
            if (error is OperationCanceledException && !cancellation.IsCancellationRequested && IsTimeout(error.InnerException))
                throw new TimeoutException($"no connection to the API server within {_configuration.Timeouts.Connect.TotalSeconds:0.#} s", error);
            throw;
        }
    }

    private static bool IsTimeout(Exception? error) => error is TimeoutException || (error is not null && IsTimeout(error.InnerException));
}
