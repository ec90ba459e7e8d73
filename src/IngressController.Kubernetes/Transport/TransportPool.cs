using System.Text;
using IngressController.Kubernetes.Configuration;
using k8s.Exceptions;

namespace IngressController.Kubernetes.Transport;

/// <summary>
/// The current connections to the API server. When the CA or the client certificate changes, new requests use new connections; the old ones
/// close when they have been idle for a minute.
/// </summary>
internal sealed class TransportPool : IDisposable
{
    private readonly Lock _lock = new();
    private readonly ApiServerConfiguration _configuration;
    private readonly TimeProvider _time;
    private readonly Action<ClientNotice> _notify;
    private TransportMaterial _files;
    private TransportMaterial _material;
    private TransportMaterial? _rejected;
    private HttpMessageInvoker _current;
    private long _checkedAt;

    /// <exception cref="KubeConfigException">A file is missing or unusable at startup.</exception>
    public TransportPool(ApiServerConfiguration configuration, TimeProvider time, Action<ClientNotice> notify)
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

        _current = new HttpMessageInvoker(TransportFactory.Create(configuration, _material));
        _checkedAt = time.GetTimestamp();
    }

    /// <summary>Returns the connections for the next request.</summary>
    /// <param name="exec">A plug-in's credential, whose client certificate takes precedence.</param>
    public HttpMessageInvoker Get(ExecCredential? exec)
    {
        lock (_lock)
        {
            if (_time.GetElapsedTime(_checkedAt) >= _configuration.Timeouts.FilePoll)
                ReloadFiles();
            var wanted = exec is { CertificatePem: { } certificate, KeyPem: { } key }
                ? _files with { Certificate = Encoding.UTF8.GetBytes(certificate), Key = Encoding.UTF8.GetBytes(key) }
                : _files;
            if (!wanted.HasSameContent(_material) && _rejected?.HasSameContent(wanted) != true)
                Swap(wanted);
            return _current;
        }
    }

    /// <summary>Reloads the files at once: a failed handshake often means that they were just replaced.</summary>
    public void Reload()
    {
        lock (_lock)
            ReloadFiles();
    }

    public void Dispose()
    {
        lock (_lock)
            _current.Dispose();
    }

    private void ReloadFiles()
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
            // The old invoker is not disposed because it may have requests in flight. Its connections close when they are idle.
            _current = new HttpMessageInvoker(TransportFactory.Create(_configuration, wanted));
            _material = wanted;
            _notify(new ClientNotice.TransportReloaded("the certificate authority or the client certificate changed"));
        }
        catch (KubeConfigException error)
        {
            // The file is half written or invalid: the previous content stays in use until the file changes again.
            _rejected = wanted;
            _notify(new ClientNotice.CredentialFileUnusable(Describe(), error.Message));
        }
    }

    private TransportMaterial ReadFiles() =>
        new(_configuration.CertificateAuthority?.Read(), _configuration.ClientCertificate?.Read(), _configuration.ClientKey?.Read());

    private string Describe() => string.Join(", ",
        new[] { _configuration.CertificateAuthority, _configuration.ClientCertificate, _configuration.ClientKey }.OfType<PemSource.InFile>());
}
