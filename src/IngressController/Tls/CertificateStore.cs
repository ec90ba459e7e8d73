using IngressController.Routing.Translation;

namespace IngressController.Tls;

/// <summary>
/// Loads certificates and keeps those in use from one revision to the next. A handshake in flight ends with the certificate it began with,
/// and open connections are not affected.
/// </summary>
internal sealed partial class CertificateStore
{
    private readonly ILogger _logger;
    private readonly ServerCertificate _selfSigned = ServerCertificate.SelfSigned();
    private readonly Dictionary<string, ServerCertificate> _byFingerprint = new(StringComparer.Ordinal);

    public CertificateStore(ILogger<CertificateStore> logger)
    {
        _logger = logger;
        SelfSigned = new CertificateTable(new(StringComparer.OrdinalIgnoreCase), _selfSigned);
    }

    /// <summary>The table that serves the self-signed certificate for every host.</summary>
    public CertificateTable SelfSigned { get; }

    /// <summary>
    /// Returns the certificates of a translation. A certificate that is already in use keeps its context, so that sessions resume.
    /// </summary>
    public CertificateTable Apply(CertificateTable current, Translation translation)
    {
        if (translation.Changes.TlsHosts.Length == 0 && !translation.Changes.Defaults)
            return current;

        var hosts = new Dictionary<string, ServerCertificate?>(current.Hosts, StringComparer.OrdinalIgnoreCase);
        foreach (var host in translation.Changes.TlsHosts)
        {
            if (translation.Table.TlsBindings.TryGetValue(host, out var binding))
                hosts[host] = binding.Certificate is { } certificate ? Get(certificate) : null;
            else
                hosts.Remove(host);
        }

        var table = new CertificateTable(hosts, translation.Table.DefaultCertificate?.Certificate is { } configured ? Get(configured) : _selfSigned);
        RemoveUnused(table);
        return table;
    }

    private ServerCertificate Get(TlsCertificate certificate)
    {
        if (!_byFingerprint.TryGetValue(certificate.Fingerprint, out var served))
            _byFingerprint[certificate.Fingerprint] = served = new ServerCertificate(certificate, _selfSigned, OnLoadFailed);
        return served;
    }

    private void OnLoadFailed(TlsCertificate certificate, Exception error) =>
        Log.LoadFailed(_logger, certificate.Subject, certificate.SerialNumber, error.Message);

    /// <summary>
    /// Removes certificates that no host uses. They are not disposed, because handshakes in flight may still use them; the garbage
    /// collector frees them.
    /// </summary>
    private void RemoveUnused(CertificateTable table)
    {
        var used = table.Hosts.Values.OfType<ServerCertificate>().Append(table.Default).ToHashSet();
        foreach (var (fingerprint, _) in _byFingerprint.Where(entry => !used.Contains(entry.Value)).ToArray())
            _byFingerprint.Remove(fingerprint);
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Error, Message = "certificate {Subject} (serial number {SerialNumber}) cannot be loaded, its hosts use the self-signed one: {Reason}")]
        public static partial void LoadFailed(ILogger logger, string subject, string serialNumber, string reason);
    }
}

/// <summary>All certificates of one revision. Immutable.</summary>
internal sealed class CertificateTable(Dictionary<string, ServerCertificate?> hosts, ServerCertificate defaultCertificate)
{
    private readonly Dictionary<string, ServerCertificate?>.AlternateLookup<ReadOnlySpan<char>> _lookup =
        hosts.GetAlternateLookup<ReadOnlySpan<char>>();

    /// <summary>
    /// The certificates by host. Null means the default certificate; a wildcard certificate does not apply to such a host.
    /// </summary>
    public Dictionary<string, ServerCertificate?> Hosts => hosts;

    public ServerCertificate Default => defaultCertificate;

    /// <summary>Returns the certificate for the server name that the client sent; empty when it sent none.</summary>
    /// <param name="name">The name, without trailing dot.</param>
    /// <param name="aliasOf">The host that the name is an alias of; its certificate is served if it is valid for the name.</param>
    public CertificateMatch Find(ReadOnlySpan<char> name, string? aliasOf = null)
    {
        // DNS names have at most 255 characters, so no longer name is in the table.
        if (name.IsEmpty || name.Length > 255)
            return new(null, defaultCertificate);
        if (_lookup.TryGetValue(name, out var entry, out var exact))
            return new(entry, exact ?? defaultCertificate);
        if (aliasOf is not null && FindOfHost(aliasOf) is { Entry: not null } ofHost && ofHost.Certificate.Certificate?.Covers(name.ToString()) == true)
            return ofHost;
        return FindWildcard(name);
    }

    private CertificateMatch FindOfHost(string host) =>
        _lookup.TryGetValue(host, out var entry, out var exact) ? new(entry, exact ?? defaultCertificate) : FindWildcard(host);

    private CertificateMatch FindWildcard(ReadOnlySpan<char> name)
    {
        if (name.IndexOf('.') is not (> 0 and var dot))
            return new(null, defaultCertificate);
        Span<char> wildcard = stackalloc char[256];
        wildcard[0] = '*';
        name[dot..].CopyTo(wildcard[1..]);
        return _lookup.TryGetValue(wildcard[..(name.Length - dot + 1)], out var entry, out var parent) && parent is not null
            ? new(entry, parent)
            : new(null, defaultCertificate);
    }
}

/// <summary>The certificate for a server name.</summary>
/// <param name="Entry">The host of its binding, exact or wildcard; null if no binding applies and the certificate is the default one.</param>
/// <param name="Certificate">The certificate that is served.</param>
internal readonly record struct CertificateMatch(string? Entry, ServerCertificate Certificate);
