using System.Net.Http.Headers;
using System.Text;
using IngressController.Kubernetes.Configuration;
using k8s.Exceptions;

namespace IngressController.Kubernetes.Transport;

/// <summary>What one request authenticates with. Compared by reference: a 401 discards exactly the credential that was refused.</summary>
internal sealed class Credential(AuthenticationHeaderValue? authorization, ExecCredential? exec = null)
{
    public AuthenticationHeaderValue? Authorization { get; } = authorization;

    /// <summary>Set when a plug-in made it; may carry a client certificate.</summary>
    public ExecCredential? Exec { get; } = exec;
}

/// <summary>The current credential: made on demand, kept while it is fresh, made anew after a 401.</summary>
internal sealed class CredentialStore(ApiServerConfiguration configuration, TimeProvider time, Action<ClientNotice> notify) : IDisposable
{
    /// <summary>A plug-in's token is renewed a little before it expires, so that it does not expire on the way.</summary>
    private static readonly TimeSpan ExpiryLeeway = TimeSpan.FromSeconds(10);

    private readonly SemaphoreSlim _gate = new(1, 1);
    private readonly Credential _fixed = new(FixedHeader(configuration));
    private volatile Credential? _current;
    private string? _lastToken;
    private long _readAt;

    /// <exception cref="KubeConfigException">There is no usable credential and never was.</exception>
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

    /// <summary>The server refused the credential.</summary>
    /// <returns>Whether asking for another one may help.</returns>
    public bool Invalidate(Credential refused)
    {
        if (configuration.Token is null or TokenSource.Literal)
            return false;

        // Another request may have renewed it already.
        if (Interlocked.CompareExchange(ref _current, null, refused) == refused)
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
        var made = await new ExecCredentialProgram(configuration, plugin, time).RunAsync(cancellation).ConfigureAwait(false);
        return new Credential(string.IsNullOrEmpty(made.Token) ? null : new AuthenticationHeaderValue("Bearer", made.Token.Trim()), made);
    }

    private static AuthenticationHeaderValue? FixedHeader(ApiServerConfiguration configuration) => configuration switch
    {
        { Token: TokenSource.Literal literal } => new("Bearer", literal.Token),
        { Username: { } user } => new("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{user}:{configuration.Password}"))),
        _ => null,
    };
}
