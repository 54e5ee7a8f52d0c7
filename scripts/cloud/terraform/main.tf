# User data for the hosts of a network, at any provider whose images run cloud-init:
#
#   module "octolink" {
#     source         = "./scripts/cloud/terraform"
#     package_url    = "https://example.net/octolink_0.1.0_amd64.deb"
#     package_sha256 = "…"
#     token          = var.octolink_token
#   }
#
#   resource "openstack_compute_instance_v2" "worker" {
#     count     = 50
#     user_data = module.octolink.join
#     …
#   }

variable "package_url" {
  description = "Where the hosts fetch the Debian package"
  type        = string
}

variable "package_sha256" {
  description = "Its line of SHA256SUMS"
  type        = string
  validation {
    condition     = can(regex("^[0-9a-f]{64}$", var.package_sha256))
    error_message = "A SHA-256 hash has 64 hexadecimal digits."
  }
}

variable "address" {
  description = "Address of the first host inside the network"
  type        = string
  default     = "10.77.0.1/24"
}

variable "token" {
  description = "From \"invite NAME uses N valid 1h\" at the first host; a secret until it is used. Empty while there is none."
  type        = string
  sensitive   = true
  default     = ""
}

output "first" {
  description = "User data of the first host"
  value = templatefile("${path.module}/../user-data-first.yaml", {
    package_url    = var.package_url
    package_sha256 = var.package_sha256
    address        = var.address
  })
}

output "join" {
  description = "User data of each host that joins"
  sensitive   = true
  value = templatefile("${path.module}/../user-data-join.yaml", {
    package_url    = var.package_url
    package_sha256 = var.package_sha256
    token          = var.token
  })
}

output "mesh" {
  description = "User data of a host that waits for octolink-mesh or Ansible"
  value = templatefile("${path.module}/../user-data-mesh.yaml", {
    package_url    = var.package_url
    package_sha256 = var.package_sha256
  })
}
