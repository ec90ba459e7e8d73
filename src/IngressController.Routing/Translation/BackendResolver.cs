using System.Net;
using IngressController.Routing.Cluster;
using IngressController.Routing.Diagnostics;
using IngressController.Routing.Table;
using k8s.Models;
using static IngressController.Routing.Values.DiagnosticText;

namespace IngressController.Routing.Translation;

/// <summary>Step 3: resolves the port of a Service to its endpoints.</summary>
internal static class BackendResolver
{
    public static Backend Resolve(BackendId id, ClusterSnapshot snapshot, TranslationSettings settings)
    {
        if (!snapshot.Services.TryGetValue(id.Service, out var service))
            return Broken(id, DiagnosticCode.ServiceNotFound, "name", $"no Service {id.Service} exists");
        if (service.Spec?.Type == "ExternalName")
            return ResolveExternalName(id, service.Spec, settings);
        if (ServicePorts.Find(service.Spec, id.Port) is not { } port)
            return Broken(id, DiagnosticCode.ServicePortNotFound, "port", PortNotFound(id, service));
        if (!ServicePorts.IsTcp(port.Protocol))
            return NotTcp(id, port);

        var problems = new List<BackendProblem>();
        var protocol = ReadAppProtocol(id, port.AppProtocol, problems);
        if (id.UsesClusterIp && IPAddress.TryParse(service.Spec?.ClusterIP, out var clusterIp) && port.Port is > 0 and <= 65535)
        {
            return CheckTls(
                new Backend { Id = id, Protocol = protocol, Endpoints = [new(clusterIp.ToString(), port.Port)], IsClusterIp = true, Problems = [.. problems] }, isExternal: false);
        }

        var endpoints = EndpointSelection.Select(service, port, snapshot.Endpoints.Of(id.Service), problems);
        if (endpoints.Length == 0)
        {
            problems.Add(new(DiagnosticCode.ServiceWithoutEndpoints, "name",
                $"Service {id.Service} has no ready endpoint for port {ServicePorts.Describe(port)}; check that its Pods are ready and that its selector matches them"));
        }

        return CheckTls(new Backend { Id = id, Protocol = protocol, Endpoints = [.. endpoints], Problems = [.. problems] }, isExternal: false);
    }

    /// <summary>A backend whose connections cannot be as secure as the Ingress asks gets none.</summary>
    private static Backend CheckTls(Backend backend, bool isExternal)
    {
        var (id, service) = (backend.Id, backend.Id.Service);
        if (id.Tls is not { } tls)
            return backend;
        if (backend.Protocol is BackendProtocol.Http or BackendProtocol.H2c)
        {
            const string Fix = "set backend-protocol to HTTPS or GRPCS, or the appProtocol of the Service port to https";
            return tls.IsRequired
                ? Broken(id, DiagnosticCode.BackendTlsUnusable, "port", $"Service {service} gets cleartext, in which backend-tls-ca cannot verify it; {Fix}")
                : backend with
                {
                    Problems = [.. backend.Problems, new(DiagnosticCode.BackendTlsWithoutEffect, "port", $"Service {service} gets cleartext, so the TLS annotations have no effect on it; {Fix}")],
                };
        }

        return tls is { IsVerified: true, ServerName: null } && !isExternal
            ? Broken(id, DiagnosticCode.BackendTlsUnusable, "name",
                $"the certificates of Service {service} are verified, and no annotation says for which name; set backend-tls-server-name or proxy-ssl-name to a name in them")
            : backend;
    }

    private static string PortNotFound(BackendId id, V1Service service)
    {
        var known = string.Join(", ", (service.Spec?.Ports ?? []).Select(ServicePorts.Describe));
        return id.Port.Length == 0
            ? $"Service {id.Service} has no ports"
            : $"Service {id.Service} has no port {Shorten(id.Port)}; it has {(known.Length > 0 ? Shorten(known) : "no ports")}";
    }

    private static BackendProtocol ReadAppProtocol(BackendId id, string? appProtocol, List<BackendProblem> problems)
    {
        if (id.Protocol is { } asked)
            return asked;
        switch (appProtocol?.ToLowerInvariant())
        {
            case null or "" or "http" or "kubernetes.io/ws":
                return BackendProtocol.Http;
            case "https" or "kubernetes.io/wss":
                return BackendProtocol.Https;
            case "kubernetes.io/h2c" or "h2c" or "grpc":
                return BackendProtocol.H2c;
            default:
                problems.Add(new(DiagnosticCode.AppProtocolUnknown, "port",
                    $"Service {id.Service} has the unknown appProtocol \"{Shorten(appProtocol)}\"; it is treated as http"));
                return BackendProtocol.Http;
        }
    }

    private static Backend ResolveExternalName(BackendId id, V1ServiceSpec spec, TranslationSettings settings)
    {
        var declared = ServicePorts.Find(spec, id.Port);
        if (declared is not null && !ServicePorts.IsTcp(declared.Protocol))
            return NotTcp(id, declared);
        // The port of an external name needs no entry in the Service.
        if ((ServicePorts.IsNumber(id.Port, out var number) ? number : declared?.Port) is not (> 0 and <= 65535 and var port))
        {
            return Broken(id, DiagnosticCode.ServicePortNotFound, "port",
                $"Service {id.Service} is of type ExternalName and has no port {Shorten(id.Port)}; use a port number");
        }

        var problems = new List<BackendProblem>();
        var protocol = ReadAppProtocol(id, declared?.AppProtocol, problems);
        if (declared?.TargetPort?.Value is { Length: > 0 } targetPort && targetPort != $"{port}")
        {
            problems.Add(new(DiagnosticCode.TargetPortIgnored, "port",
                $"Service {id.Service} is of type ExternalName, so its targetPort {Shorten(targetPort)} is ignored: requests go to port {port}; set that port to the one that the name serves"));
        }

        var externalName = spec.ExternalName?.TrimEnd('.') ?? "";

        if (IPAddress.TryParse(externalName, out var address))
        {
            return !settings.AllowExternalNameLoopback && ExternalAddress.IsLocal(address)
                ? Broken(id, DiagnosticCode.ExternalNameRefused, "name", Refused(id, externalName))
                : CheckTls(new Backend { Id = id, Protocol = protocol, Endpoints = [new(address.ToString(), port, IsExternal: true)], Problems = [.. problems] }, isExternal: true);
        }

        if (HostName.Normalize(externalName, out _) is not { Length: > 0 } name || name.StartsWith('*'))
        {
            return Broken(id, DiagnosticCode.ExternalNameInvalid, "name",
                $"Service {id.Service} has externalName \"{Shorten(externalName)}\", which is not a DNS name");
        }

        if (!settings.AllowExternalNameLoopback && (name == "localhost" || name.EndsWith(".localhost", StringComparison.Ordinal)))
            return Broken(id, DiagnosticCode.ExternalNameRefused, "name", Refused(id, externalName));

        // The final dot makes the name absolute: the search domains of the Pod must not decide where traffic goes.
        return CheckTls(new Backend { Id = id, Protocol = protocol, Endpoints = [new($"{name}.", port, IsExternal: true)], Problems = [.. problems] }, isExternal: true);
    }

    private static string Refused(BackendId id, string externalName) =>
        $"Service {id.Service} has externalName \"{Shorten(externalName)}\", which is a local address (such as loopback, link-local or metadata); it is refused unless --allow-external-name-loopback is set";

    private static Backend NotTcp(BackendId id, V1ServicePort port) => Broken(id, DiagnosticCode.ServicePortNotTcp, "port",
        $"port {(id.Port.Length > 0 ? id.Port : ServicePorts.Describe(port))} of Service {id.Service} is {port.Protocol}; HTTP needs TCP");

    private static Backend Broken(BackendId id, DiagnosticCode code, string field, string message) =>
        new() { Id = id, Problems = [new(code, field, message)] };
}
