using System.Text;

namespace IngressController.Kubernetes.Client;

/// <summary>
/// The current transport. When the CA or the client certificate changes, new requests get a new one, and the old one is
/// disposed after its last response was read.
/// </summary>
internal sealed class TransportStore : IDisposable
{
    private readonly Lock _lock = new();
    private readonly KubernetesClientConfiguration _configuration;
    private readonly TimeProvider _time;
    private readonly Action<ClientNotice> _notify;
    private TransportMaterial _files;
    private TransportMaterial _material;
    private TransportMaterial? _rejected;
    private Generation _current;
    private long _checkedAt;

    /// <exception cref="KubeConfigException">A file is missing or unusable: at the start that must not be papered over.</exception>
    public TransportStore(KubernetesClientConfiguration configuration, TimeProvider time, Action<ClientNotice> notify)
    {
        _configuration = configuration;
        _time = time;
        _notify = notify;
        try
        {
            _files = _material = ReadFiles();
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new KubeConfigException($"a certificate file cannot be read: {error.Message}", error);
        }

        _current = new Generation(TransportFactory.Create(configuration, _material));
        _checkedAt = time.GetTimestamp();
    }

    /// <summary>The transport for one request; dispose the lease when its response has been read.</summary>
    public Lease Rent(ExecCredential? exec)
    {
        lock (_lock)
        {
            if (_time.GetElapsedTime(_checkedAt) >= _configuration.Timeouts.FilePoll)
                CheckFiles();
            var wanted = exec is { CertificatePem: { } certificate, KeyPem: { } key }
                ? _files with { Certificate = Encoding.UTF8.GetBytes(certificate), Key = Encoding.UTF8.GetBytes(key) }
                : _files;
            if (!wanted.HasSameContent(_material) && _rejected?.HasSameContent(wanted) != true)
                Swap(wanted);
            return _current.Rent(this);
        }
    }

    /// <summary>Look at the files with the next request: a failed handshake often means that they were just replaced.</summary>
    public void Recheck()
    {
        lock (_lock)
            CheckFiles();
    }

    public void Dispose()
    {
        lock (_lock)
            _current.Retire();
    }

    private void CheckFiles()
    {
        _checkedAt = _time.GetTimestamp();
        try
        {
            _files = ReadFiles();
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            _notify(new ClientNotice.CredentialFileUnusable(Describe(), error.Message));
        }
    }

    private void Swap(TransportMaterial wanted)
    {
        try
        {
            var next = new Generation(TransportFactory.Create(_configuration, wanted));
            _current.Retire();
            _current = next;
            _material = wanted;
            _notify(new ClientNotice.TransportReloaded("the certificate authority or the client certificate changed"));
        }
        catch (KubeConfigException error)
        {
            // Read while it was being written, or plainly wrong: what worked goes on until the content changes again.
            _rejected = wanted;
            _notify(new ClientNotice.CredentialFileUnusable(Describe(), error.Message));
        }
    }

    private TransportMaterial ReadFiles() =>
        new(_configuration.CertificateAuthority?.Read(), _configuration.ClientCertificate?.Read(), _configuration.ClientKey?.Read());

    private string Describe() => string.Join(", ",
        new[] { _configuration.CertificateAuthority, _configuration.ClientCertificate, _configuration.ClientKey }.OfType<PemSource.InFile>());

    /// <summary>One use of a transport.</summary>
    internal sealed class Lease(TransportStore store, Generation generation) : IDisposable
    {
        private bool _disposed;

        public Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellation) =>
            generation.Invoker.SendAsync(request, cancellation);

        public void Dispose()
        {
            lock (store._lock)
            {
                if (_disposed)
                    return;
                _disposed = true;
                generation.Return();
            }
        }
    }

    /// <summary>A handler and how many requests use it; all calls are made under the store's lock.</summary>
    internal sealed class Generation(SocketsHttpHandler handler)
    {
        private int _leases;
        private bool _retired;

        public HttpMessageInvoker Invoker { get; } = new(handler, disposeHandler: true);

        public Lease Rent(TransportStore store)
        {
            _leases++;
            return new Lease(store, this);
        }

        public void Return()
        {
            _leases--;
            DisposeWhenUnused();
        }

        public void Retire()
        {
            _retired = true;
            DisposeWhenUnused();
        }

        private void DisposeWhenUnused()
        {
            if (_retired && _leases == 0)
                Invoker.Dispose();
        }
    }
}
