using System.Net.Http.Headers;
using System.Text;
using IngressController.Kubernetes.Configuration;
using k8s.Exceptions;

namespace IngressController.Kubernetes.Transport;

/// <summary>The credential of a request. Compared by reference: a 401 discards exactly the credential that was rejected.</summary>
internal sealed class Credential(AuthenticationHeaderValue? authorization, ExecCredential? exec = null)
{
    public AuthenticationHeaderValue? Authorization { get; } = authorization;

    /// <summary>The result of a plug-in, which may contain a client certificate; null for other sources.</summary>
    public ExecCredential? Exec { get; } = exec;
}

/// <summary>The current credential: created on demand, kept while it is fresh, recreated after a 401.</summary>
internal sealed class CredentialStore(ApiServerConfiguration configuration, TimeProvider time, Action<ClientNotice> notify) : IDisposable
{
    /// <summary>The time before its expiry at which a plug-in's token is renewed, so that it does not expire in flight.</summary>
    private static readonly TimeSpan ExpiryLeeway = TimeSpan.FromSeconds(10);

    private readonly SemaphoreSlim _gate = new(1, 1);
    private readonly Credential _fixed = new(FixedHeader(configuration));
    private volatile Credential? _current;
    private string? _lastToken;
    private long _readAt;

    /// <exception cref="KubeConfigException">There is no usable credential and never was one.</exception>
    public async ValueTask<Credential> GetAsync(CancellationToken cancellation)
    {
        if (configuration.Token is null or TokenSource.Literal)
            return _fixed;

        await _gate.WaitAsync(cancellation).ConfigureAwait(false);
        try
        {
            if (_current is { } current && IsFresh(current))
                return current;
            return _current = configuration.Token switch
            {
                TokenSource.InFile file => ReadFile(file.Path),
                TokenSource.Exec exec => await RunAsync(exec.Plugin, cancellation).ConfigureAwait(false),
                _ => _fixed,
            };
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>Discards a credential that the server rejected.</summary>
    /// <returns>True if another credential may be accepted.</returns>
    public bool Invalidate(Credential rejected)
    {
        if (configuration.Token is null or TokenSource.Literal)
            return false;

        // Another request may have renewed it already.
        if (Interlocked.CompareExchange(ref _current, null, rejected) == rejected)
            notify(new ClientNotice.CredentialRefused(configuration.Token is TokenSource.InFile file ? file.Path : "the exec plug-in"));
        return true;
    }

    public void Dispose() => _gate.Dispose();

    private bool IsFresh(Credential credential) => configuration.Token is TokenSource.InFile
        ? time.GetElapsedTime(_readAt) < configuration.Timeouts.FilePoll
        : credential.Exec?.Expires is not { } expires || time.GetUtcNow() + ExpiryLeeway < expires;

    private Credential ReadFile(string path)
    {
        _readAt = time.GetTimestamp();
        try
        {
            var token = File.ReadAllText(path).Trim();
            _lastToken = token.Length > 0 ? token : throw new IOException("the file is empty");
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            if (_lastToken is null)
                throw new KubeConfigException($"token file {path} cannot be read: {error.Message}", error);
            notify(new ClientNotice.CredentialFileUnusable(path, error.Message));
        }

        return new Credential(new AuthenticationHeaderValue("Bearer", _lastToken));
    }

    private async Task<Credential> RunAsync(ExecPlugin plugin, CancellationToken cancellation)
    {
        var credential = await new ExecCredentialProgram(configuration, plugin, time).RunAsync(cancellation).ConfigureAwait(false);
        return new Credential(string.IsNullOrEmpty(credential.Token) ? null : new AuthenticationHeaderValue("Bearer", credential.Token.Trim()), credential);
    }

    private static AuthenticationHeaderValue? FixedHeader(ApiServerConfiguration configuration) => configuration switch
    {
        { Token: TokenSource.Literal literal } => new("Bearer", literal.Token),
        { Username: { } user } => new("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{user}:{configuration.Password}"))),
        _ => null,
    };
}
