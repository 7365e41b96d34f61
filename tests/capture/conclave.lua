-- conclave.lua - what the wire of conclave/1 shows to somebody who taps it, for
-- Wireshark and tshark:
--   tshark -X lua_script:tests/capture/conclave.lua -r FILE -d tcp.port==2528,conclave
-- shared/PROTOCOL.md, sections 2 to 6a. What is sealed stays "sealed".

local conclave = Proto("conclave", "conclave/1")

local HANDSHAKE_MAX, RECORD_MAX = 16384, 262144
local KINDS = {[1] = "control", [2] = "group", [3] = "direct", [4] = "blob", [5] = "mark", [6] = "history"}
local HEAD = 28	-- of a group frame: offset, room, epoch, sender, seq
local PIECE_HEAD = 20	-- of a piece of a file: blob, index

local f = conclave.fields
f.length = ProtoField.uint32("conclave.length", "Length")
f.step = ProtoField.string("conclave.step", "Handshake step")
f.json = ProtoField.string("conclave.json", "Handshake message")
f.seq = ProtoField.uint64("conclave.seq", "Record number")
f.frame = ProtoField.none("conclave.frame", "Frame")
f.frame_length = ProtoField.uint32("conclave.frame.length", "Length of the frame")
f.kind = ProtoField.uint8("conclave.frame.kind", "Kind", base.DEC, KINDS)
f.run = ProtoField.uint16("conclave.run", "Run of the history")
f.offset = ProtoField.uint64("conclave.offset", "Offset in the log")
f.room = ProtoField.uint32("conclave.room", "Room")
f.epoch = ProtoField.uint32("conclave.epoch", "Epoch")
f.sender = ProtoField.uint32("conclave.sender", "Sender")
f.sender_seq = ProtoField.uint64("conclave.sender_seq", "Sender's number")
f.blob = ProtoField.bytes("conclave.blob", "File")
f.piece = ProtoField.uint32("conclave.piece", "Piece")
f.digest = ProtoField.bytes("conclave.digest", "Digest")
f.sealed = ProtoField.bytes("conclave.sealed", "Sealed")
f.mac = ProtoField.bytes("conclave.mac", "MAC")
local malformed = ProtoExpert.new("conclave.malformed", "This is not conclave/1",
    expert.group.MALFORMED, expert.severity.ERROR)
conclave.experts = {malformed}

local function put(tree, field, tvb, at, n)
	tree:add(field, tvb(at, n))
	return at + n
end

local function sealed(tree, tvb, at, stop)
	if stop > at then
		tree:add(f.sealed, tvb(at, stop - at))
	end
end

local function group(tree, tvb, at, stop)
	if stop - at < HEAD then
		return sealed(tree, tvb, at, stop)
	end
	at = put(tree, f.offset, tvb, at, 8)
	at = put(tree, f.room, tvb, at, 4)
	at = put(tree, f.epoch, tvb, at, 4)
	at = put(tree, f.sender, tvb, at, 4)
	at = put(tree, f.sender_seq, tvb, at, 8)
	sealed(tree, tvb, at, stop)
end

local function mark(tree, tvb, at, stop)
	if stop - at ~= 52 then
		return sealed(tree, tvb, at, stop)
	end
	at = put(tree, f.offset, tvb, at, 8)
	at = put(tree, f.room, tvb, at, 4)
	at = put(tree, f.sender_seq, tvb, at, 8)
	put(tree, f.digest, tvb, at, 32)
end

local function history(tree, tvb, at, stop)
	local is_mark = stop - at == 54 and tvb(at, 2):uint() == 65535
	at = put(tree, f.run, tvb, at, 2);
	(is_mark and mark or group)(tree, tvb, at, stop)
end

local function piece(tree, tvb, at, stop)
	if stop - at < PIECE_HEAD then
		return sealed(tree, tvb, at, stop)
	end
	at = put(tree, f.blob, tvb, at, 16)
	at = put(tree, f.piece, tvb, at, 4)
	sealed(tree, tvb, at, stop)
end

local bodies = {[2] = group, [4] = piece, [5] = mark, [6] = history}

-- One frame; returns where the next one begins, or nil.
local function frame(tree, tvb, at, stop)
	if stop - at < 5 then
		return nil
	end
	local length = tvb(at, 4):uint()
	if length < 1 or length > stop - at - 4 then
		return nil
	end
	local kind = tvb(at + 4, 1):uint()
	local name = KINDS[kind] or ("kind " .. kind)
	local sub = tree:add(f.frame, tvb(at, 4 + length))
	sub:append_text(": " .. name)
	put(sub, f.frame_length, tvb, at, 4)
	put(sub, f.kind, tvb, at + 4, 1);
	(bodies[kind] or sealed)(sub, tvb, at + 5, at + 4 + length)
	return at + 4 + length, name
end

local function record(tree, tvb, info)
	local stop, at, names = tvb:len() - 16, 12, {}
	put(tree, f.seq, tvb, 4, 8)
	while at < stop do
		local after, name = frame(tree, tvb, at, stop)
		if after == nil then
			tree:add_proto_expert_info(malformed)
			return
		end
		names[#names + 1] = name
		at = after
	end
	put(tree, f.mac, tvb, stop, 16)
	info:append(" record of " .. table.concat(names, ", ") .. ";")
end

local function message(tree, tvb, info)
	local text = tvb(4):string()
	local step = text:match('"step":"(%w+)"') or text:match('"event":"(%w+)"') or "?"
	tree:add(f.step, tvb(4), step)
	tree:add(f.json, tvb(4))
	info:append(" " .. step .. ";")
end

local function length_of(tvb, pinfo, at)
	return 4 + tvb(at, 4):uint()
end

local function one(tvb, pinfo, root)
	local tree = root:add(conclave, tvb())
	local length = tvb(0, 4):uint()
	pinfo.cols.protocol = "conclave/1"
	put(tree, f.length, tvb, 0, 4)
	if length >= 2 and length <= HANDSHAKE_MAX and tvb(4, 1):uint() == 0x7b then
		message(tree, tvb, pinfo.cols.info)
	elseif length >= 24 and length <= RECORD_MAX then
		record(tree, tvb, pinfo.cols.info)
	else
		tree:add_proto_expert_info(malformed)
	end
	return tvb:len()
end

function conclave.dissector(tvb, pinfo, root)
	pinfo.cols.info = ""
	-- Something else at the port would make us wait for gigabytes.
	if tvb:len() >= 4 and tvb(0, 4):uint() > RECORD_MAX then
		root:add(conclave, tvb()):add_proto_expert_info(malformed)
		return tvb:len()
	end
	dissect_tcp_pdus(tvb, root, 4, length_of, one)
	return tvb:len()
end

DissectorTable.get("tcp.port"):add(2528, conclave)
