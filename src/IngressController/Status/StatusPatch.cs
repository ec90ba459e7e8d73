using System.Text;
using System.Text.Json;
using k8s.Models;

namespace IngressController.Status;

/// <summary>
/// Creates the merge patch of a status. It replaces the list of addresses as a whole, because the API server does not merge it.
/// </summary>
internal static class StatusPatch
{
    /// <summary>
    /// Creates a patch that applies to one version of the Ingress only. If the Ingress was moved to another class meanwhile, its version
    /// has changed, and the server answers 409 instead of overwriting the status from its new controller.
    /// </summary>
    public static V1Patch Of(StatusChange change)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteStartObject("metadata"u8);
            json.WriteString("resourceVersion"u8, change.Version);
            json.WriteEndObject();
            json.WriteStartObject("status"u8);
            json.WriteStartObject("loadBalancer"u8);
            WriteAddresses(json, change);
            json.WriteEndObject();
            json.WriteEndObject();
            json.WriteEndObject();
        }

        return new V1Patch(Encoding.UTF8.GetString(buffer.ToArray()), V1Patch.PatchType.MergePatch);
    }

    private static void WriteAddresses(Utf8JsonWriter json, StatusChange change)
    {
        if (change.Addresses.Count == 0)
        {
            json.WriteNull("ingress"u8);
            return;
        }

        json.WriteStartArray("ingress"u8);
        foreach (var address in change.Addresses)
        {
            json.WriteStartObject();
            if (address.Ip is { } ip)
                json.WriteString("ip"u8, ip);
            if (address.Hostname is { } name)
                json.WriteString("hostname"u8, name);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }
}
