using System.Text;
using IngressController.Kubernetes.Configuration;
using k8s.Exceptions;

namespace IngressController.Kubernetes.Transport;

/// <summary>
/// The current connections. When the CA or the client certificate changes, new requests get new ones; the old close when they have been idle
/// for a minute.
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

    /// <exception cref="KubeConfigException">A file is missing or unusable: at the start that must not be papered over.</exception>
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

    /// <summary>What the next request is sent with.</summary>
    /// <param name="exec">A plug-in's credential, whose client certificate takes precedence.</param>
    public HttpMessageInvoker For(ExecCredential? exec)
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
            return _current;
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
            _current.Dispose();
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
            // The old one is not disposed: requests are on their way to it. Its connections close when they are idle.
            _current = new HttpMessageInvoker(TransportFactory.Create(_configuration, wanted));
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
}
