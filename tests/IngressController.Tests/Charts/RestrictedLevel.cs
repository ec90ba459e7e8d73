using System.Text.Json.Nodes;

namespace IngressController.Tests.Charts;

/// <summary>
/// The Pod Security level <c>restricted</c> (https://kubernetes.io/docs/concepts/security/pod-security-standards/), as far as a Pod of the chart
/// can violate it. One line per finding.
/// </summary>
internal static class RestrictedLevel
{
    private static readonly string[] VolumeTypes =
        ["configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim", "projected", "secret"];

    public static IReadOnlyList<string> Findings(JsonObject podSpec)
    {
        var findings = new List<string>();
        foreach (var field in (string[])["hostNetwork", "hostPID", "hostIPC"])
            Require(podSpec[field]?.GetValue<bool>() is not true, field);
        foreach (var volume in podSpec["volumes"]?.AsArray() ?? [])
            Require(volume!.AsObject().Select(field => field.Key).Where(key => key != "name").All(VolumeTypes.Contains), $"volume {volume["name"]}");

        var pod = podSpec["securityContext"];
        foreach (var container in Containers(podSpec))
        {
            var own = container["securityContext"];
            var name = container["name"];
            Require(own?["allowPrivilegeEscalation"]?.GetValue<bool>() is false, $"{name}: allowPrivilegeEscalation");
            Require(own?["privileged"]?.GetValue<bool>() is not true, $"{name}: privileged");
            Require(own?["capabilities"]?["drop"]?.AsArray().Any(capability => (string?)capability == "ALL") is true, $"{name}: capabilities.drop");
            Require(own?["capabilities"]?["add"]?.AsArray().All(capability => (string?)capability == "NET_BIND_SERVICE") is not false, $"{name}: capabilities.add");
            Require((own?["runAsNonRoot"] ?? pod?["runAsNonRoot"])?.GetValue<bool>() is true, $"{name}: runAsNonRoot");
            Require((own?["runAsUser"] ?? pod?["runAsUser"])?.GetValue<long>() is not 0, $"{name}: runAsUser");
            Require((string?)(own?["seccompProfile"] ?? pod?["seccompProfile"])?["type"] is "RuntimeDefault" or "Localhost", $"{name}: seccompProfile");
            Require(container["ports"]?.AsArray().All(port => port!["hostPort"] is null) is not false, $"{name}: hostPort");
        }

        return findings;

        void Require(bool holds, string what)
        {
            if (!holds)
                findings.Add(what);
        }
    }

    private static IEnumerable<JsonObject> Containers(JsonObject podSpec) =>
        ((string[])["initContainers", "containers"]).SelectMany(field => podSpec[field]?.AsArray() ?? []).Select(container => container!.AsObject());
}
